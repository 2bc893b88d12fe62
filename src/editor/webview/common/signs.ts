import { svg } from './dom.ts';

/** Strokes on a square of 16 by 16. Drawn, because characters look otherwise on each system, some of them as coloured pictures. */
const SIGNS = {
  check: 'M3.5 8.5 6.5 11.5 12.5 4.5',
  cross: 'M4 4 12 12 M12 4 4 12',
  exclamation: 'M8 3V9 M8 12.4V12.6',
  dots: 'M3.5 8H3.6 M8 8H8.1 M12.4 8H12.5',
  dash: 'M4 8H12',
  play: 'M5 3.5V12.5L12.5 8Z',
  warning: 'M8 2 14.5 13.5H1.5Z M8 6.5V9.5 M8 11.4V11.6',
} as const;

export type Sign = keyof typeof SIGNS;

/** A small picture in the colour of the text. It repeats what words say, so a screen reader passes it over. */
export function drawSign(sign: Sign): SVGElement {
  return svg(
    'svg',
    { class: `sign sign-${sign}`, viewBox: '0 0 16 16', 'aria-hidden': 'true' },
    svg('path', { d: SIGNS[sign] }),
  );
}
