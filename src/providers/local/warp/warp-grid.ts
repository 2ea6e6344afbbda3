/** Cells along the longer side of a frame: 4 pixels each at 512, 8 at 1080. Fields cost the same at any size. */
const CELLS = 128;

/** Nodes over the frame, including one beyond its right and lower edge if the size is not a multiple of a cell. */
export interface WarpGrid {
  /** Pixels between nodes, even. */
  cell: number;
  columns: number;
  rows: number;
}

/** One number per node. */
export type Field = Float32Array;

/** A rectangle of nodes, without its ends. */
export interface NodeBox {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export function gridOver({ widthPx, heightPx }: { widthPx: number; heightPx: number }): WarpGrid {
  const cell = Math.max(4, 2 * Math.round(Math.max(widthPx, heightPx) / CELLS / 2));
  return { cell, columns: Math.ceil(widthPx / cell) + 1, rows: Math.ceil(heightPx / cell) + 1 };
}

/** Positions of the nodes in pixels, row by row. */
export function nodesOf({ cell, columns, rows }: WarpGrid): Array<{ x: number; y: number }> {
  return Array.from({ length: columns * rows }, (_, node) => ({
    x: (node % columns) * cell,
    y: Math.floor(node / columns) * cell,
  }));
}

/** Bilinear between the nodes, at x and y in pixels. Constant outside the grid. */
export function fieldAt(field: Field, { cell, columns, rows }: WarpGrid, x: number, y: number): number {
  const gx = Math.min(Math.max(x / cell, 0), columns - 1.001);
  const gy = Math.min(Math.max(y / cell, 0), rows - 1.001);
  const column = Math.floor(gx);
  const row = Math.floor(gy);
  const at = row * columns + column;
  const fx = gx - column;
  const upper = field[at]! + (field[at + 1]! - field[at]!) * fx;
  const lower = field[at + columns]! + (field[at + columns + 1]! - field[at + columns]!) * fx;
  return upper + (lower - upper) * (gy - row);
}

/** Like `fieldAt` for both directions. Writes to `out`, because returning two numbers would allocate. */
export function vectorAt(
  { x: fieldX, y: fieldY }: { x: Field; y: Field },
  { cell, columns, rows }: WarpGrid,
  x: number,
  y: number,
  out: Float64Array,
): void {
  const gx = Math.min(Math.max(x / cell, 0), columns - 1.001);
  const gy = Math.min(Math.max(y / cell, 0), rows - 1.001);
  const column = gx | 0;
  const row = gy | 0;
  const at = row * columns + column;
  const below = at + columns;
  const fx = gx - column;
  const fy = gy - row;
  const upperX = fieldX[at]! + (fieldX[at + 1]! - fieldX[at]!) * fx;
  const lowerX = fieldX[below]! + (fieldX[below + 1]! - fieldX[below]!) * fx;
  const upperY = fieldY[at]! + (fieldY[at + 1]! - fieldY[at]!) * fx;
  const lowerY = fieldY[below]! + (fieldY[below + 1]! - fieldY[below]!) * fx;
  out[0] = upperX + (lowerX - upperX) * fy;
  out[1] = upperY + (lowerY - upperY) * fy;
}

/** Smallest box around all nodes that a field moves by more than 1/50 of a pixel. */
export function boxOf(fields: Field[], grid: WarpGrid): NodeBox {
  const box = { left: grid.columns, top: grid.rows, right: 0, bottom: 0 };
  for (let node = 0; node < grid.columns * grid.rows; node += 1) {
    if (fields.some((field) => Math.abs(field[node]!) > 0.02)) {
      const [column, row] = [node % grid.columns, Math.floor(node / grid.columns)];
      box.left = Math.min(box.left, column);
      box.right = Math.max(box.right, column + 1);
      box.top = Math.min(box.top, row);
      box.bottom = Math.max(box.bottom, row + 1);
    }
  }
  return box;
}
