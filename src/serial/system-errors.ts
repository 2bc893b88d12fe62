/** What the native module's text says, as it gives no codes. */
export type NativeCause =
  'busy' | 'noPermission' | 'noSuchPort' | 'notASerialDevice' | 'gone' | 'unsupportedBaud' | 'other';

/** In order: the first that matches counts, as an ENOTTY text also speaks of the baud rate.
 * @see node-serialport bindings-cpp 13.0 `serialport_unix.cpp` (strerror texts), `serialport_win.cpp` `ErrorCodeToString` */
const OPEN_CAUSES: readonly (readonly [RegExp, NativeCause])[] = [
  [/cannot lock port|resource temporarily unavailable|resource busy|text file busy/i, 'busy'],
  // Windows gives a port that is open elsewhere this text, and has no permissions on ports
  [/access (?:is )?denied/i, 'busy'],
  [/permission denied|operation not permitted/i, 'noPermission'],
  [/no such file or directory|file not found|cannot find the (?:file|path)|not a directory/i, 'noSuchPort'],
  [/inappropriate ioctl|is a directory|getcommstate|invalid handle|not a typewriter/i, 'notASerialDevice'],
  [/setcommstate|custom baud rate|baud ?rate .*not supported/i, 'unsupportedBaud'],
  // ERROR_GEN_FAILURE, ERROR_SEM_TIMEOUT, ERROR_NO_SUCH_DEVICE, ERROR_DEVICE_NOT_CONNECTED
  [
    /no such device|input\/output error|device not configured|bad file descriptor|error code (?:31|121|433|1167)\b/i,
    'gone',
  ],
];

/** Why a port could not be opened. */
export function openCause(message: string, path: string): NativeCause {
  // a UART the kernel keeps a name for without having the part: it opens, then every ioctl fails
  if (/^\/dev\/ttyS\d+$/.test(path) && /input\/output error|no such device/i.test(message)) return 'notASerialDevice';
  return OPEN_CAUSES.find(([pattern]) => pattern.test(message))?.[1] ?? 'other';
}

/** Why DTR and RTS could not be set: a pty and a few bridges have none. */
export function isWithoutModemLines(message: string): boolean {
  return /inappropriate ioctl|invalid argument|operation not supported|not a typewriter/i.test(message);
}

/** Why the rate could not be changed on an open port. */
export function isUnsupportedBaud(message: string): boolean {
  return /setcommstate|custom baud rate|not supported|invalid argument|parameter is incorrect/i.test(message);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
