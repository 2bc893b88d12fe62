import { createDeviceText } from './device-text.ts';

const CONTROL = /[\x00-\x08\x0a-\x1f\x7f-\x9f]/;
const CONTROLS = /[\x00-\x08\x0a-\x1f\x7f-\x9f]/g;
/** What {@link createDeviceText} lets through. */
const SEQUENCES = /\u001b(?:\[[?\d;:]*[A-Za-z@]|[78DEM])/g;

/** A line for a file: no colours, no control characters but tabs, nothing that acts on the terminal of whoever reads it. */
export function plainLine(line: string): string {
  if (!CONTROL.test(line)) return line;
  return createDeviceText().push(Buffer.from(line)).replace(SEQUENCES, '').replace(CONTROLS, '');
}
