// True instructions for the functions of an example, one small group for each line: what a program does when it crashes can be followed in
// them. Of the rest of an image, nothing can.
import { crashPath } from './c-functions.mjs';

/** @typedef {import('./c-functions.mjs').CFunction} CFunction */

/**
 * A function in the code, with the ones that are part of it.
 * @typedef {object} PlacedFunction
 * @property {string} name
 * @property {CFunction} [source] none for one that stands for a part of ESP-IDF
 * @property {number} offset in the code
 * @property {number} size
 * @property {readonly InlinedFunction[]} inlined
 */

/**
 * @typedef {object} InlinedFunction
 * @property {CFunction} source
 * @property {number} offset
 * @property {number} size
 * @property {number} callLine
 * @property {readonly InlinedFunction[]} inlined
 */

/**
 * @typedef {object} Program
 * @property {Uint8Array} code
 * @property {readonly PlacedFunction[]} functions in the order of their offsets
 * @property {readonly { offset: number, path: string, line: number }[]} rows what line the code from this offset on is of
 */

/** Bytes of the instructions of one line. */
const SLOT_BYTES = 12;

const RISCV = {
  nop: [0x13, 0x00, 0x00, 0x00],
  load: [0x03, 0xa5, 0x07, 0x00], // lw a0, 0(a5)
  prologue: [0x13, 0x01, 0x01, 0xfe, 0x23, 0x2e, 0x11, 0x00], // addi sp, sp, -32; sw ra, 28(sp)
  epilogue: [0x83, 0x20, 0xc1, 0x01, 0x13, 0x01, 0x01, 0x02, 0x67, 0x80, 0x00, 0x00], // lw ra, 28(sp); addi sp, sp, 32; ret
  /** jal ra @param {number} from @param {number} to */
  call: (from, to) => {
    const by = to - from;
    const immediate = ((by >> 20) & 1) * 2 ** 31 + ((by >> 1) & 0x3ff) * 2 ** 21 + ((by >> 11) & 1) * 2 ** 20;
    return littleEndian(immediate + ((by >> 12) & 0xff) * 2 ** 12 + 0x0ef, 4);
  },
};

const XTENSA = {
  nop: [0xf0, 0x20, 0x00],
  load: [0xa2, 0x22, 0x00], // l32i a10, a2, 0
  prologue: [0x36, 0x41, 0x00], // entry a1, 32
  epilogue: [0x90, 0x00, 0x00], // retw
  /** call8 @param {number} from @param {number} to */
  call: (from, to) => littleEndian((((to - (from - (from % 4)) - 4) / 4) & 0x3ffff) * 64 + 0x25, 3),
};

/**
 * Code for all functions. Those on the path of a crash come first, the innermost at the start of the code: it reads through a pointer. Each
 * of them lies behind the one that it calls, `main_task` behind them all. Static functions between `app_main()` and the innermost one are
 * inlined, as the compiler does with what is called once.
 * @param {boolean} isRiscV
 * @param {readonly CFunction[]} sources
 * @returns {Program}
 */
export function makeProgram(isRiscV, sources) {
  const instructions = isRiscV ? RISCV : XTENSA;
  const path = crashPath(sources);
  /** @type {number[]} */
  const code = [];
  /** @type {PlacedFunction[]} */
  const functions = [];
  /** @type {{ offset: number, path: string, line: number }[]} */
  const rows = [];
  /** @param {readonly number[]} bytes @param {{ path: string, line: number } | undefined} place */
  const slot = (bytes, place) => {
    if (place !== undefined) rows.push({ offset: code.length, path: place.path, line: place.line });
    code.push(...bytes);
    while (code.length % SLOT_BYTES !== 0) code.push(...instructions.nop);
  };
  /**
   * The lines of a body; the line of the call has the call, or what was inlined there.
   * @param {CFunction} fn
   * @param {number} step in the path, -1 for a function that is not on it
   * @returns {InlinedFunction[]}
   */
  const body = (fn, step) => {
    /** @type {InlinedFunction[]} */
    const inlined = [];
    const next = step < 0 ? undefined : path[step + 1];
    const isInnermost = step >= 0 && next === undefined;
    for (const { line } of fn.statements) {
      const place = { path: fn.path, line };
      if (step < 0 || line !== path[step]?.callLine) slot(instructions.nop, place);
      else if (isInnermost) slot(instructions.load, place);
      else if (step + 1 === path.length - 1 || next === undefined) slot(instructions.call(code.length, 0), place);
      else {
        const offset = code.length;
        const inside = body(next.fn, step + 1);
        inlined.push({ source: next.fn, offset, size: code.length - offset, callLine: line, inlined: inside });
      }
    }
    return inlined;
  };
  /** @param {CFunction} fn @param {number} step */
  const place = (fn, step) => {
    const offset = code.length;
    slot(instructions.prologue, fn);
    const inlined = body(fn, step);
    slot(instructions.epilogue, { path: fn.path, line: fn.endLine });
    functions.push({ name: fn.name, source: fn, offset, size: code.length - offset, inlined });
    return offset;
  };

  const innermost = path.at(-1);
  if (innermost !== undefined) place(innermost.fn, path.length - 1);
  const main = path[0];
  const mainOffset = main !== undefined && path.length > 1 ? place(main.fn, 0) : 0;
  const placed = path.map(({ fn }) => fn);
  for (const fn of sources.filter((other) => !placed.includes(other))) place(fn, -1);
  const taskOffset = code.length;
  slot(instructions.prologue, undefined);
  slot(instructions.call(code.length, mainOffset), undefined);
  slot(instructions.epilogue, undefined);
  functions.push({ name: 'main_task', offset: taskOffset, size: code.length - taskOffset, inlined: [] });
  return { code: Uint8Array.from(code), functions, rows };
}

/** @param {number} value @param {number} bytes */
function littleEndian(value, bytes) {
  return Array.from({ length: bytes }, (_, at) => Math.floor(value / 2 ** (8 * at)) % 256);
}
