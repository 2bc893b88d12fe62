import { BUILT_IN_TYPES, OPERATORS, STANDARD_NAMES } from './demangle-names.ts';

/** What a C++ compiler made of a function's name and types, in the words of the source: `_ZN5Shape4areaEi` is `Shape::area(int)`. Copies of a
 * function that the compiler made are told as GNU's tools do: `hidden(int) [clone .constprop.0]`.
 * @returns undefined for what is no such name, or has parts that are hardly ever seen in firmware (expressions in template arguments)
 * @see Itanium C++ ABI, "External Names (a.k.a. Mangling)" */
export function demangle(mangled: string): string | undefined {
  if (!mangled.startsWith('_Z') || mangled.length > MOST_CHARACTERS) return undefined;
  const reader = new NameReader(mangled.slice(2));
  try {
    const text = reader.encoding();
    const suffix = reader.rest();
    if (suffix === '') return text;
    // the assembler of Xtensa has `$` where others have a dot
    const clones = suffix.replaceAll('$', '.').match(/\.[A-Za-z_]+(?:\.\d+)*|\.\d+/g) ?? [];
    if (clones.join('').length !== suffix.length) return undefined;
    return text + clones.map((clone) => ` [clone ${clone}]`).join('');
  } catch (error) {
    if (error instanceof NotUnderstood) return undefined;
    throw error;
  }
}

const MOST_CHARACTERS = 4096;
/** Few characters can stand for very long names: a name is made of earlier parts of itself. */
const MOST_TEXT = 16_384;
const MOST_DEPTH = 64;
const MOST_STEPS = 20_000;

class NotUnderstood extends Error {}

/** A type around a name: `int (*` and `)(char)`. */
interface Type {
  readonly left: string;
  readonly right: string;
  /** A pointer to it needs brackets. */
  readonly isWrapped?: boolean;
  /** It stands for several template arguments. */
  readonly pack?: readonly Type[];
}

/** The part of a name up to here. */
interface Prefix {
  readonly text: string;
  /** The last part, which names constructors. */
  readonly last: string;
  readonly isTemplate?: boolean;
  /** Constructors, destructors and conversions name no return type. */
  readonly hasNoReturn?: boolean;
  /** What stands behind the parameters: ` const`. */
  readonly qualifiers?: string;
}

/** One grammar whose rules all call each other: it is one piece. */
class NameReader {
  readonly #text: string;
  #at = 0;
  #depth = 0;
  #steps = 0;
  #length = 0;
  readonly #substitutions: (Type & { last?: string })[] = [];
  #templateArguments: readonly Type[] = [];
  /** Which one of a pack's arguments the pattern around it is read for. */
  #packIndex: number | undefined;
  /** How many arguments the packs of that pattern have. */
  #packSize = 0;

  constructor(text: string) {
    this.#text = text;
  }

  rest(): string {
    return this.#text.slice(this.#at);
  }

  /** @param isOuter of something local: then nothing is said of what it returns */
  encoding(isOuter = false): string {
    return this.#deeper(() => {
      const special = this.#special();
      if (special !== undefined) return special;
      const name = this.#name();
      if (this.#isAtEndOfEncoding()) return name.text;
      const returned = name.isTemplate === true && name.hasNoReturn !== true ? this.#type() : undefined;
      const full = `${name.text}(${this.#parameters()})${name.qualifiers ?? ''}`;
      return this.#checked(returned === undefined || isOuter ? full : `${returned.left} ${full}${returned.right}`);
    });
  }

  #isAtEndOfEncoding(): boolean {
    const next = this.#text[this.#at];
    return next === undefined || next === 'E' || next === '.' || next === '$';
  }

  #special(): string | undefined {
    const kinds: Record<string, string> = {
      TV: 'vtable for ',
      TT: 'VTT for ',
      TI: 'typeinfo for ',
      TS: 'typeinfo name for ',
    };
    const kind = kinds[this.#text.slice(this.#at, this.#at + 2)];
    if (kind !== undefined) {
      this.#at += 2;
      return kind + print(this.#type());
    }
    if (this.#skip('GV')) return `guard variable for ${this.#name().text}`;
    if (this.#skip('Th')) {
      this.#callOffset();
      return `non-virtual thunk to ${this.encoding()}`;
    }
    if (this.#skip('Tv')) {
      this.#callOffset();
      this.#callOffset();
      return `virtual thunk to ${this.encoding()}`;
    }
    return undefined;
  }

  #callOffset(): void {
    this.#match(/n?\d+_/y);
  }

  #name(): Prefix {
    return this.#deeper(() => {
      if (this.#skip('N')) return this.#nested();
      if (this.#skip('Z')) return this.#local();
      let name: Prefix;
      if (this.#peek() === 'S' && this.#text[this.#at + 1] !== 't') {
        const found = this.#substitution();
        name = { text: print(found), last: found.last ?? '' };
      } else {
        const inStd = this.#skip('St');
        const part = this.#unqualified('');
        name = inStd ? { ...part, text: `std::${part.text}` } : part;
        if (this.#peek() === 'I') this.#remember(name);
      }
      return this.#peek() === 'I' ? this.#withTemplateArguments(name) : name;
    });
  }

  #withTemplateArguments(name: Prefix): Prefix {
    const list = this.#templateList();
    this.#templateArguments = list;
    const inside = joined(list);
    const text = `${name.text}${name.text.endsWith('<') ? ' ' : ''}<${inside}${inside.endsWith('>') ? ' ' : ''}>`;
    return { ...name, text: this.#checked(text), isTemplate: true };
  }

  #nested(): Prefix {
    let qualifiers = '';
    const words: Record<string, string> = { r: ' restrict', V: ' volatile', K: ' const' };
    for (;;) {
      const word = words[this.#peek() ?? ''];
      if (word === undefined) break;
      qualifiers = word + qualifiers;
      this.#at++;
    }
    if (this.#skip('R')) qualifiers += ' &';
    else if (this.#skip('O')) qualifiers += ' &&';
    let prefix: Prefix | undefined;
    while (!this.#skip('E')) {
      const next = this.#peek();
      const before: Prefix | undefined = prefix;
      if (next === 'S' && this.#text[this.#at + 1] !== 't' && before === undefined) {
        const found = this.#substitution();
        prefix = { text: print(found), last: found.last ?? '' };
        continue;
      }
      if (next === 'T' && before === undefined) {
        const found = this.#templateParameter();
        prefix = { text: print(found), last: '' };
        this.#remember(prefix);
        continue;
      }
      if (next === 'I' && before !== undefined) prefix = this.#withTemplateArguments(before);
      else if (before === undefined && this.#skip('St')) {
        prefix = { text: 'std', last: 'std' };
        continue;
      } else {
        const part = this.#unqualified(before?.last ?? '');
        prefix = before === undefined ? part : { ...part, text: this.#checked(`${before.text}::${part.text}`) };
      }
      // the whole name is none of the parts that may be referred to
      if (this.#peek() !== 'E') this.#remember(prefix);
    }
    if (prefix === undefined) throw new NotUnderstood();
    return { ...prefix, ...(qualifiers === '' ? {} : { qualifiers }) };
  }

  #local(): Prefix {
    const outer = this.encoding(true);
    this.#expect('E');
    if (this.#skip('s')) {
      this.#discriminator();
      return { text: `${outer}::string literal`, last: '' };
    }
    const name = this.#name();
    this.#discriminator();
    return { ...name, text: this.#checked(`${outer}::${name.text}`) };
  }

  #discriminator(): void {
    if (this.#peek() === '_') this.#match(/_\d|__\d+_/y);
  }

  /** One part of a name. @param around name of the class, for its constructors */
  #unqualified(around: string): Prefix {
    this.#skip('L');
    let part: Prefix;
    const next = this.#peek() ?? '';
    if (/\d/.test(next)) {
      const text = this.#sourceName();
      part = { text, last: text };
    } else if (/^C[I]?[1-5]/.test(this.#text.slice(this.#at, this.#at + 3)) && around !== '') {
      this.#match(/C[1-5]/y);
      part = { text: around, last: around, hasNoReturn: true };
    } else if (/^D[0-5]/.test(this.#text.slice(this.#at, this.#at + 2)) && around !== '') {
      this.#at += 2;
      part = { text: `~${around}`, last: around, hasNoReturn: true };
    } else if (this.#skip('Ul')) {
      const parameters = this.#parameters();
      this.#expect('E');
      part = { text: `{lambda(${parameters})#${this.#count()}}`, last: '' };
    } else if (this.#skip('Ut')) part = { text: `{unnamed type#${this.#count()}}`, last: '' };
    else part = this.#operator();
    while (this.#skip('B')) part = { ...part, text: `${part.text}[abi:${this.#sourceName()}]` };
    return part;
  }

  /** `_` is the first, `0_` the second. */
  #count(): number {
    const digits = this.#match(/\d*_/y).slice(0, -1);
    return digits === '' ? 1 : Number(digits) + 2;
  }

  #operator(): Prefix {
    const code = this.#text.slice(this.#at, this.#at + 2);
    if (code === 'cv') {
      this.#at += 2;
      return { text: `operator ${print(this.#type())}`, last: '', hasNoReturn: true };
    }
    if (code === 'li') {
      this.#at += 2;
      return { text: `operator"" ${this.#sourceName()}`, last: '' };
    }
    const sign = OPERATORS[code];
    if (sign === undefined) throw new NotUnderstood();
    this.#at += 2;
    return { text: `operator${/^[a-z]/.test(sign) ? ' ' : ''}${sign}`, last: '' };
  }

  #sourceName(): string {
    const length = Number(this.#match(/\d+/y));
    const text = this.#text.slice(this.#at, this.#at + length);
    if (length === 0 || text.length < length) throw new NotUnderstood();
    this.#at += length;
    return /^_GLOBAL_[_.$]N/.test(text) ? '(anonymous namespace)' : text;
  }

  #parameters(): string {
    const types: string[] = [];
    while (!this.#isAtEndOfEncoding()) types.push(print(this.#type()));
    if (types.length === 0) throw new NotUnderstood();
    return types.length === 1 && types[0] === 'void' ? '' : types.filter((text) => text !== '').join(', ');
  }

  #type(): Type {
    return this.#deeper(() => {
      const next = this.#peek() ?? '';
      const builtIn = BUILT_IN_TYPES[next] ?? BUILT_IN_TYPES[this.#text.slice(this.#at, this.#at + 2)];
      if (builtIn !== undefined) {
        this.#at += next === 'D' ? 2 : 1;
        return plain(builtIn);
      }
      if (next === 'S') {
        const isStandard = this.#text[this.#at + 1] === 't';
        if (!isStandard) {
          const found = this.#substitution();
          if (this.#peek() !== 'I') return found;
          const name = this.#withOwnArguments(found);
          return this.#remember(name);
        }
      }
      if (next === 'T') {
        const found = this.#remember(this.#templateParameter());
        if (this.#peek() !== 'I') return found;
        return this.#remember(this.#withOwnArguments(found));
      }
      return this.#remember(this.#composedType(next));
    });
  }

  /** Template arguments of a type are not those that the function's parameters refer to. */
  #withOwnArguments(type: Type): Type {
    const kept = this.#templateArguments;
    const name = this.#withTemplateArguments({ text: print(type), last: '' });
    this.#templateArguments = kept;
    return plain(name.text);
  }

  #composedType(next: string): Type {
    switch (next) {
      case 'P':
        this.#at++;
        return this.#pointer(this.#type(), '*');
      case 'R':
        this.#at++;
        return this.#pointer(this.#type(), '&');
      case 'O':
        this.#at++;
        return this.#pointer(this.#type(), '&&');
      case 'K':
        return this.#qualified(' const');
      case 'V':
        return this.#qualified(' volatile');
      case 'r':
        return this.#qualified(' restrict');
      case 'A': {
        this.#at++;
        const count = this.#match(/\d*_/y).slice(0, -1);
        const item = this.#type();
        return { left: item.left, right: ` [${count}]${item.right.trimStart()}`, isWrapped: true };
      }
      case 'F': {
        this.#at++;
        this.#skip('Y');
        const returned = this.#type();
        const parameters = this.#parameters();
        this.#expect('E');
        return { left: returned.left, right: ` (${parameters})${returned.right}`, isWrapped: true };
      }
      case 'M': {
        this.#at++;
        const owner = print(this.#type());
        const member = this.#type();
        if (member.isWrapped !== true) return { left: `${member.left} ${owner}::*`, right: member.right };
        return { left: `${member.left} (${owner}::*`, right: `)${member.right.trimStart()}` };
      }
      case 'D':
        if (this.#skip('Dp')) return this.#expansion();
        if (this.#skip('Do')) return this.#type();
        throw new NotUnderstood();
      case 'u':
        this.#at++;
        return plain(this.#sourceName());
      default: {
        const kept = this.#templateArguments;
        const name = this.#name();
        this.#templateArguments = kept;
        return plain(name.text);
      }
    }
  }

  /** The pattern behind `Dp`, once for each argument of the pack in it. */
  #expansion(): Type {
    const kept = { at: this.#at, index: this.#packIndex, size: this.#packSize };
    const types: Type[] = [];
    this.#packSize = 0;
    this.#packIndex = 0;
    do {
      this.#at = kept.at;
      const known = this.#substitutions.length;
      types.push(this.#type());
      // what the pattern is made of counts once
      if (this.#packIndex > 0) this.#substitutions.length = known;
      this.#packIndex++;
    } while (this.#packIndex < this.#packSize);
    const isEmpty = this.#packSize === 0;
    [this.#packIndex, this.#packSize] = [kept.index, kept.size];
    return isEmpty ? plain('') : plain(this.#checked(joined(types)));
  }

  #pointer(to: Type, sign: string): Type {
    // a reference to a reference is one
    if (sign.startsWith('&') && to.left.endsWith('&')) {
      return sign === '&' && to.left.endsWith('&&') ? { ...to, left: to.left.slice(0, -1) } : { ...to };
    }
    this.#checked(to.left);
    if (to.isWrapped !== true) return { left: to.left + sign, right: to.right };
    const right = to.right.startsWith(' (') ? to.right.slice(1) : to.right;
    return { left: `${to.left} (${sign}`, right: `)${right}` };
  }

  #qualified(word: string): Type {
    this.#at++;
    const type = this.#type();
    if (type.isWrapped === true && type.right.startsWith(' (')) return { ...type, right: type.right + word };
    return { ...type, left: this.#checked(type.left + word) };
  }

  #templateList(): readonly Type[] {
    this.#expect('I');
    const list: Type[] = [];
    while (!this.#skip('E')) list.push(this.#templateArgument());
    return list;
  }

  #templateArgument(): Type {
    return this.#deeper(() => {
      if (this.#skip('L')) return plain(this.#literal());
      if (!this.#skip('J')) return this.#type();
      const pack: Type[] = [];
      while (!this.#skip('E')) pack.push(this.#templateArgument());
      return { ...plain(this.#checked(joined(pack))), pack };
    });
  }

  #literal(): string {
    if (this.#skip('_Z')) {
      const name = this.encoding();
      this.#expect('E');
      return `&(${name})`;
    }
    const type = print(this.#type());
    const value = this.#match(/n?\d+E/y)
      .slice(0, -1)
      .replace('n', '-');
    if (type === 'bool') return value === '0' ? 'false' : 'true';
    const ends: Record<string, string> = {
      int: '',
      'unsigned int': 'u',
      long: 'l',
      'unsigned long': 'ul',
      'long long': 'll',
      'unsigned long long': 'ull',
    };
    const end = ends[type];
    return end === undefined ? `(${type})${value}` : value + end;
  }

  #templateParameter(): Type {
    const digits = this.#match(/T\d*_/y).slice(1, -1);
    const found = this.#templateArguments[digits === '' ? 0 : Number(digits) + 1];
    if (found === undefined) throw new NotUnderstood();
    if (found.pack === undefined || this.#packIndex === undefined) return found;
    this.#packSize = found.pack.length;
    return found.pack[this.#packIndex] ?? plain('');
  }

  #substitution(): Type & { last?: string } {
    const standard = STANDARD_NAMES[this.#text.slice(this.#at, this.#at + 2)];
    if (standard !== undefined) {
      this.#at += 2;
      return { ...plain(standard), last: standard.replace(/^.*::/, '').replace(/^string$/, 'basic_string') };
    }
    const digits = this.#match(/S[0-9A-Z]*_/y).slice(1, -1);
    const found = this.#substitutions[digits === '' ? 0 : Number.parseInt(digits, 36) + 1];
    if (found === undefined) throw new NotUnderstood();
    return found;
  }

  #remember(part: Type | Prefix): Type {
    const type = 'text' in part ? { ...plain(part.text), last: part.last } : part;
    this.#substitutions.push(type);
    return type;
  }

  #deeper<Value>(read: () => Value): Value {
    if (++this.#depth > MOST_DEPTH || ++this.#steps > MOST_STEPS) throw new NotUnderstood();
    const value = read();
    this.#depth--;
    return value;
  }

  #checked(text: string): string {
    this.#length += text.length;
    if (text.length > MOST_TEXT || this.#length > 64 * MOST_TEXT) throw new NotUnderstood();
    return text;
  }

  #peek(): string | undefined {
    return this.#text[this.#at];
  }

  #skip(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #expect(text: string): void {
    if (!this.#skip(text)) throw new NotUnderstood();
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found === undefined) throw new NotUnderstood();
    this.#at += found.length;
    return found;
  }
}

function plain(text: string): Type {
  return { left: text, right: '' };
}

function joined(types: readonly Type[]): string {
  return types
    .map(print)
    .filter((text) => text !== '')
    .join(', ');
}

function print({ left, right }: Type): string {
  return left + right;
}
