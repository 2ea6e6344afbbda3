import { paint, widthOf } from './paint.ts';

const GAP = '  ';

export interface Column {
  title: string;
  /** Numbers are aligned to the right. */
  align?: 'right';
}

/** Formats rows as aligned columns under a line of titles. No rows, no lines. */
export function toTable(columns: Column[], rows: string[][]): string[] {
  const widths = columns.map(({ title }, index) =>
    Math.max(title.length, ...rows.map((row) => widthOf(row[index] ?? ''))),
  );
  const toLine = (cells: string[]) =>
    columns
      .map(({ align }, index) => {
        const cell = cells[index] ?? '';
        const space = ' '.repeat(widths[index]! - widthOf(cell));
        return align === 'right' ? space + cell : cell + space;
      })
      .join(GAP)
      .trimEnd();
  return [
    ...(rows.length > 0 ? [paint('quiet', toLine(columns.map(({ title }) => title)))] : []),
    ...rows.map(toLine),
  ];
}
