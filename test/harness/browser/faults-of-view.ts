import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface AxeResult {
  passes: unknown[];
  violations: Array<{ id: string; help: string; nodes: Array<{ html: string; failureSummary: string }> }>;
}

/** What axe has against the view, in both schemes; and whether anything is wider than the screen. */
export async function faultsOfView(page: Page): Promise<string[]> {
  const faults: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.evaluate(AXE);
    const { violations, passes } = (await page.evaluate('axe.run()')) as AxeResult;
    // An empty page has no fault either.
    if (passes.length < 15) {
      faults.push(`axe looked at ${passes.length} rules only`);
    }
    for (const { id, help, nodes } of violations) {
      faults.push(
        `${colorScheme}: ${id}: ${help}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join(' | ')}`,
      );
    }
  }
  const [content, screen] = await page.evaluate<[number, number]>(
    '[document.documentElement.scrollWidth, innerWidth]',
  );
  if (content > screen) {
    faults.push(`${content} px of content on a screen of ${screen} px`);
  }
  return faults;
}
