/** Bytes of a device to text that a terminal may be given. */
export interface DeviceText {
  /** The text that these bytes give; what is cut at their end comes with the next ones. */
  push(bytes: Uint8Array): string;
}

const ESC = 0x1b;
const BEL = 0x07;
const LF = 0x0a;
const CR = 0x0d;
const CAN = 0x18;
const SUB = 0x1a;
const C1_DCS = 0x90;
const C1_SOS = 0x98;
const C1_CSI = 0x9b;
const C1_ST = 0x9c;
const C1_OSC = 0x9d;
const C1_PM = 0x9e;
const C1_APC = 0x9f;

/** Longer parameters than any sequence that is let through has. */
const MOST_PARAMETERS = 64;
/** Counts above are cut to it: a terminal may loop over them. */
const LARGEST_COUNT = 999;

/** Control characters that do something else than end a line, and what opens a sequence. */
const SPECIAL = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/;

/** Moves of the cursor, erasing, inserting and deleting, colours: by their last character. */
const PLAIN_FINALS = new Set('ABCDEFGHfdXP@LMSTKJmsu');
/** Single characters behind ESC: save and restore the cursor, index, next line, reverse index. */
const ESC_FINALS = new Set('78DEM');

type State = 'text' | 'escape' | 'charset' | 'csi' | 'string' | 'stringEscape';

/** What a device prints, for a terminal in an editor: UTF-8 becomes text, colours and moves of the cursor stay. Everything that could do more than
 * draw is taken out, in its 7-bit and its 8-bit form and however it is split: OSC (title, clipboard, hyperlinks, notifications), DCS, APC, PM,
 * SOS, resets, modes (mouse, paste, other screen), window operations, clearing of the scroll-back. The text that is given never ends within a sequence.
 * A string that is not ended ends with its line.
 * @see ECMA-48, 5th edition, 5.4 and 8.3; XTerm Control Sequences */
export function createDeviceText(): DeviceText {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let state: State = 'text';
  let parameters = '';

  /** What a character within a sequence gives. A control character within one is carried out as if it stood before it. */
  function inSequence(code: number, character: string): string {
    if (code === CAN || code === SUB) {
      state = 'text';
      return '';
    }
    if (state === 'string' || state === 'stringEscape') {
      if (code === LF || code === CR) {
        state = 'text';
        return character;
      }
      if (code === BEL || code === C1_ST || (state === 'stringEscape' && character === '\\')) state = 'text';
      else state = code === ESC ? 'stringEscape' : 'string';
      return '';
    }
    if (code === ESC || (code >= 0x80 && code <= 0x9f)) return open(code);
    if (code < 0x20 || code === 0x7f) {
      // a line end within a sequence: the sequence was noise
      if (code === LF || code === CR) state = 'text';
      return control(code, character);
    }
    switch (state) {
      case 'escape':
        return afterEscape(code, character);
      case 'charset':
        if (code >= 0x30) state = 'text';
        return '';
      default:
        return inCsi(code, character);
    }
  }

  function open(code: number): string {
    switch (code) {
      case ESC:
        state = 'escape';
        break;
      case C1_CSI:
        state = 'csi';
        parameters = '';
        break;
      case C1_DCS:
      case C1_SOS:
      case C1_OSC:
      case C1_PM:
      case C1_APC:
        state = 'string';
        break;
      default:
        state = 'text';
    }
    return '';
  }

  function afterEscape(code: number, character: string): string {
    if (code < 0x30) {
      state = 'charset';
      return '';
    }
    // ESC and 0x40 to 0x5f is the 7-bit form of 0x80 to 0x9f
    if ('[]PX^_'.includes(character)) return open(code + 0x40);
    state = 'text';
    return ESC_FINALS.has(character) ? `\u001b${character}` : '';
  }

  function inCsi(code: number, character: string): string {
    if (code < 0x40) {
      if (parameters.length <= MOST_PARAMETERS) parameters += character;
      return '';
    }
    state = 'text';
    if (code > 0x7e || parameters.length > MOST_PARAMETERS || !isHarmless(parameters, character)) return '';
    return `\u001b[${parameters.replace(/\d{3,}/g, (digits) => String(Math.min(Number(digits), LARGEST_COUNT)))}${character}`;
  }

  return {
    push(bytes) {
      const text = decoder.decode(bytes, { stream: true });
      if (state === 'text' && !SPECIAL.test(text)) return text;
      let given = '';
      let from = 0;
      for (let at = 0; at < text.length; at++) {
        const code = text.charCodeAt(at);
        if (state === 'text') {
          if (code >= 0x20 && code < 0x7f) continue;
          if (code > 0x9f || code === LF || code === CR || code === 0x09) continue;
          given += text.slice(from, at);
          given += code === ESC || code >= 0x80 ? open(code) : control(code, text.charAt(at));
        } else {
          given += inSequence(code, text.charAt(at));
        }
        from = at + 1;
      }
      return given + text.slice(from);
    },
  };
}

/** Bell, backspace and tabulator are of use; shifts of the character set, enquiries and form feeds are not. */
function control(code: number, character: string): string {
  return code === BEL || code === 0x08 || code === 0x09 || code === LF || code === CR ? character : '';
}

function isHarmless(parameters: string, final: string): boolean {
  if (/^[\d;:]*$/.test(parameters)) {
    if (final === 'J') return !/[3-9]/.test(parameters);
    // questions that line editors ask: is this a terminal, where is the cursor
    if (final === 'n') return parameters === '5' || parameters === '6';
    return PLAIN_FINALS.has(final) && (final !== 'u' || parameters === '');
  }
  // the cursor, shown and hidden
  return parameters === '?25' && (final === 'h' || final === 'l');
}
