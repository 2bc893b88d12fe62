// Debug information as the compiler of ESP-IDF 5 writes it (-gdwarf-4), for programs of machine-code.mjs.

/** @typedef {import('./machine-code.mjs').Program} Program */
/** @typedef {import('./machine-code.mjs').InlinedFunction} InlinedFunction */

const TAG = { compileUnit: 0x11, inlinedSubroutine: 0x1d, subprogram: 0x2e };
const AT = {
  name: 0x03,
  stmtList: 0x10,
  lowPc: 0x11,
  highPc: 0x12,
  language: 0x13,
  compDir: 0x1b,
  inline: 0x20,
  producer: 0x25,
  abstractOrigin: 0x31,
  declFile: 0x3a,
  declLine: 0x3b,
  external: 0x3f,
  ranges: 0x55,
  callFile: 0x58,
  callLine: 0x59,
};
const FORM = {
  addr: 0x01,
  data2: 0x05,
  data4: 0x06,
  string: 0x08,
  data1: 0x0b,
  ref4: 0x13,
  secOffset: 0x17,
  flagPresent: 0x19,
};

/** Numbers of the abbreviations below. */
const ENTRY = { unit: 1, function: 2, functionWithInlined: 3, abstractFunction: 4, inlined: 5, inlinedWithInlined: 6 };
const FUNCTION = [
  AT.name,
  FORM.string,
  AT.declFile,
  FORM.data1,
  AT.declLine,
  FORM.data2,
  AT.external,
  FORM.flagPresent,
];
const PLACE = [AT.lowPc, FORM.addr, AT.highPc, FORM.data4];
const INLINED = [AT.abstractOrigin, FORM.ref4, ...PLACE, AT.callFile, FORM.data1, AT.callLine, FORM.data2];
const UNIT = [
  ...[AT.producer, FORM.string, AT.language, FORM.data1, AT.name, FORM.string, AT.compDir, FORM.string],
  ...[AT.ranges, FORM.secOffset, AT.lowPc, FORM.addr, AT.stmtList, FORM.secOffset],
];
const ABBREVIATIONS = [
  ...[ENTRY.unit, TAG.compileUnit, 1, ...UNIT, 0, 0],
  ...[ENTRY.function, TAG.subprogram, 0, ...FUNCTION, ...PLACE, 0, 0],
  ...[ENTRY.functionWithInlined, TAG.subprogram, 1, ...FUNCTION, ...PLACE, 0, 0],
  ...[ENTRY.abstractFunction, TAG.subprogram, 0, ...FUNCTION, AT.inline, FORM.data1, 0, 0],
  ...[ENTRY.inlined, TAG.inlinedSubroutine, 0, ...INLINED, 0, 0],
  ...[ENTRY.inlinedWithInlined, TAG.inlinedSubroutine, 1, ...INLINED, 0, 0],
  0,
];
const DW_LANG_C99 = 0x0c;
const CFA = { nop: 0, defCfa: 0x0c, defCfaOffset: 0x0e, advanceLoc: 0x40, offset: 0x80 };

/**
 * @param {Program} program
 * @param {number} address of its code
 * @param {string} folder where the compiler would have run
 * @returns {{ name: string, data: Uint8Array }[]} sections
 */
export function makeDwarf(program, address, folder) {
  const paths = [...new Set(program.functions.flatMap(({ source }) => (source === undefined ? [] : [source.path])))];
  const info = new Bytes();
  const line = new Bytes();
  const ranges = new Bytes();
  for (const path of paths) {
    const [lineAt, rangesAt] = [line.length, ranges.length];
    const functions = program.functions.filter(({ source }) => source?.path === path);
    const unit = new Bytes();
    unit.u16(4).u32(0).u8(4);
    unit.u8(ENTRY.unit).text('GNU C17 13.2.0 (made without a compiler)').u8(DW_LANG_C99).text(path).text(folder);
    unit.u32(rangesAt).u32(0).u32(lineAt);
    /** @type {Map<string, number>} where the abstract functions are, counted from the unit's start */
    const origins = new Map();
    for (const { source } of functions.flatMap((fn) => allInlined(fn.inlined))) {
      if (origins.has(source.name)) continue;
      origins.set(source.name, unit.length + 4);
      unit
        .u8(ENTRY.abstractFunction)
        .text(source.name)
        .u8(fileNumber(paths, path, source.path))
        .u16(source.line)
        .u8(1);
    }
    /** @param {readonly InlinedFunction[]} inlined @param {string} callerPath */
    const writeInlined = (inlined, callerPath) => {
      for (const { source, offset, size, callLine, inlined: inside } of inlined) {
        unit.u8(inside.length > 0 ? ENTRY.inlinedWithInlined : ENTRY.inlined).u32(origins.get(source.name) ?? 0);
        unit
          .u32(address + offset)
          .u32(size)
          .u8(fileNumber(paths, path, callerPath))
          .u16(callLine);
        writeInlined(inside, source.path);
        if (inside.length > 0) unit.u8(0);
      }
    };
    for (const { name, source, offset, size, inlined } of functions) {
      unit
        .u8(inlined.length > 0 ? ENTRY.functionWithInlined : ENTRY.function)
        .text(name)
        .u8(1)
        .u16(source?.line ?? 0);
      unit.u32(address + offset).u32(size);
      writeInlined(inlined, path);
      if (inlined.length > 0) unit.u8(0);
      ranges.u32(address + offset).u32(address + offset + size);
    }
    unit.u8(0);
    ranges.u32(0).u32(0);
    info.u32(unit.length).bytes(unit);
    line.bytes(lineProgram(program, functions, address, [path, ...paths.filter((other) => other !== path)]));
  }
  return [
    { name: '.debug_abbrev', data: new Bytes().leb(...ABBREVIATIONS).take() },
    { name: '.debug_info', data: info.take() },
    { name: '.debug_line', data: line.take() },
    { name: '.debug_ranges', data: ranges.take() },
  ];
}

/**
 * How the callers of functions of RISC-V are found: behind the two instructions that every function begins with, its frame has 32 bytes, the
 * last word of which is where it returns to. (Xtensa needs no such rules: the registers move with every call.)
 * @param {Program} program
 * @param {number} address
 */
export function makeCallFrames(program, address) {
  const section = new Bytes();
  /** @param {Bytes} entry */
  const add = (entry) => {
    while (entry.length % 4 !== 0) entry.u8(CFA.nop);
    section.u32(entry.length).bytes(entry);
  };
  const [returnAddress, stackPointer] = [1, 2];
  add(new Bytes().u32(0xffffffff).u8(1).u8(0).leb(1).sleb(-4).u8(returnAddress).u8(CFA.defCfa).leb(stackPointer, 0));
  for (const { offset, size } of program.functions) {
    const entry = new Bytes()
      .u32(0)
      .u32(address + offset)
      .u32(size);
    add(
      entry
        .u8(CFA.advanceLoc | 8)
        .u8(CFA.defCfaOffset)
        .leb(32)
        .u8(CFA.offset | returnAddress)
        .leb(1),
    );
  }
  return { name: '.debug_frame', data: section.take() };
}

/**
 * @param {Program} program
 * @param {readonly import('./machine-code.mjs').PlacedFunction[]} functions
 * @param {number} address
 * @param {readonly string[]} files
 */
function lineProgram(program, functions, address, files) {
  const header = new Bytes();
  header.u8(1).u8(1).u8(1).u8(0xfb).u8(14).u8(13);
  header.leb(0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1);
  header.u8(0);
  for (const file of files) header.text(file).leb(0, 0, 0);
  header.u8(0);
  const steps = new Bytes();
  for (const { offset, size } of functions) {
    const end = offset + size;
    steps
      .u8(0)
      .leb(5)
      .u8(2)
      .u32(address + offset);
    let [at, line, file] = [offset, 1, 1];
    for (const row of program.rows.filter((one) => one.offset >= offset && one.offset < end)) {
      const number = files.indexOf(row.path) + 1;
      if (number !== file) steps.u8(4).leb(number);
      steps
        .u8(2)
        .leb(row.offset - at)
        .u8(3)
        .sleb(row.line - line)
        .u8(1);
      [at, line, file] = [row.offset, row.line, number];
    }
    steps
      .u8(2)
      .leb(end - at)
      .u8(0)
      .leb(1)
      .u8(1);
  }
  const content = new Bytes().u16(4).u32(header.length).bytes(header).bytes(steps);
  return new Bytes().u32(content.length).bytes(content);
}

/**
 * @param {readonly InlinedFunction[]} inlined
 * @returns {InlinedFunction[]}
 */
function allInlined(inlined) {
  return inlined.flatMap((one) => [one, ...allInlined(one.inlined)]);
}

/**
 * In the line table of a unit, its own file is the first.
 * @param {readonly string[]} paths
 * @param {string} unit
 * @param {string} path
 */
function fileNumber(paths, unit, path) {
  return [unit, ...paths.filter((other) => other !== unit)].indexOf(path) + 1;
}

/** Bytes that grow. */
class Bytes {
  /** @type {number[]} */
  #bytes = [];

  get length() {
    return this.#bytes.length;
  }

  /** @param {number} value */
  u8(value) {
    this.#bytes.push(value & 0xff);
    return this;
  }

  /** @param {number} value */
  u16(value) {
    return this.u8(value).u8(value >>> 8);
  }

  /** @param {number} value */
  u32(value) {
    return this.u16(value).u16(value >>> 16);
  }

  /** @param {readonly number[]} values */
  leb(...values) {
    for (let value of values) {
      for (; value >= 0x80; value >>>= 7) this.u8((value & 0x7f) | 0x80);
      this.u8(value);
    }
    return this;
  }

  /** @param {number} value */
  sleb(value) {
    for (; value < -0x40 || value > 0x3f; value >>= 7) this.u8((value & 0x7f) | 0x80);
    return this.u8(value & 0x7f);
  }

  /** @param {string} value */
  text(value) {
    this.#bytes.push(...new TextEncoder().encode(value), 0);
    return this;
  }

  /** @param {Bytes} other */
  bytes(other) {
    for (const byte of other.#bytes) this.#bytes.push(byte);
    return this;
  }

  take() {
    return Uint8Array.from(this.#bytes);
  }
}
