import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface AxeResult {
  passes: unknown[];
  violations: Array<{ id: string; help: string; nodes: Array<{ html: string; failureSummary: string }> }>;
}

/** Faults that axe finds in the view, in both colour schemes, and content wider than the screen. */
export async function faultsOfView(page: Page): Promise<string[]> {
  const faults: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.evaluate(AXE);
    const { violations, passes } = (await page.evaluate('axe.run()')) as AxeResult;
    // An empty page would have no faults.
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
