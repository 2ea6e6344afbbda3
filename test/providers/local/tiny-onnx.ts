/** Writes ONNX files of a few nodes, in protocol buffers by hand: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto */
type Field = [tag: number, value: number | string | Uint8Array];

export interface TinyTensor {
  name: string;
  /** A name stands for any length. */
  shape: Array<number | string>;
}

export interface TinyNode {
  op: string;
  inputs: string[];
  output: string;
  ints?: Record<string, number[]>;
}

export interface TinyGraph {
  inputs: TinyTensor[];
  outputs: TinyTensor[];
  nodes: TinyNode[];
  /** Constants of 64-bit whole numbers. */
  constants: Record<string, number[]>;
}

export function tinyOnnx({ inputs, outputs, nodes, constants }: TinyGraph): Buffer {
  const graph = message([
    ...nodes.map((node): Field => [1, nodeOf(node)]),
    [2, 'tiny'],
    ...Object.entries(constants).map(([name, values]): Field => [5, constantOf(name, values)]),
    ...inputs.map((input): Field => [11, tensorOf(input)]),
    ...outputs.map((output): Field => [12, tensorOf(output)]),
  ]);
  const opset = message([[2, 13]]);
  return message([
    [1, 8],
    [7, graph],
    [8, opset],
  ]);
}

function nodeOf({ op, inputs, output, ints = {} }: TinyNode): Buffer {
  const attributes = Object.entries(ints).map(
    ([name, values]): Field => [
      5,
      message([[1, name], ...values.map((value): Field => [8, value]), [20, 7]]),
    ],
  );
  return message([...inputs.map((input): Field => [1, input]), [2, output], [4, op], ...attributes]);
}

function constantOf(name: string, values: number[]): Buffer {
  const raw = Buffer.from(BigInt64Array.from(values, BigInt).buffer);
  return message([
    [1, values.length],
    [2, 7],
    [8, name],
    [9, raw],
  ]);
}

function tensorOf({ name, shape }: TinyTensor): Buffer {
  const dims = shape.map((dim): Field => [1, message([typeof dim === 'number' ? [1, dim] : [2, dim]])]);
  const type = message([
    [
      1,
      message([
        [1, 1],
        [2, message(dims)],
      ]),
    ],
  ]);
  return message([
    [1, name],
    [2, type],
  ]);
}

function message(fields: Field[]): Buffer {
  return Buffer.concat(
    fields.map(([tag, value]) => {
      if (typeof value === 'number') {
        return Buffer.concat([varint(tag << 3), varint(value)]);
      }
      const bytes = Buffer.from(value as Uint8Array);
      return Buffer.concat([varint((tag << 3) | 2), varint(bytes.length), bytes]);
    }),
  );
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push((rest & 127) | (rest > 127 ? 128 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return Buffer.from(bytes);
}
