declare module '../base/ota-error.ts' {
  interface OtaErrorDetails {
    /** What was given is not an address. `position` is the index of the first character that is wrong. */
    'serial.badAddress': { address: string; position: number; problem: AddressProblem };
    /** Another program has the port. `holder` is its name and process id where the system tells, else empty. */
    'serial.busy': { address: string; holder: string; holderPid: number };
    /** Another part of this extension has the port and did not yield. */
    'serial.inUse': { address: string; holder: string };
    /** Another window of the editor has the port, or the command line (`windowId` begins with `cli-` then). */
    'serial.otherWindow': { address: string; holder: string; windowId: string; holderPid: number };
    /** The user may not open the device. `group` is the group that may (empty where there is none), `isMember` whether the user is in it,
     * `isActive` whether this process has it already (a new membership counts from the next login), `mode` the file's permissions such as
     * `660`. The ids are four hexadecimal digits for a udev rule, empty when unknown. */
    'serial.noPermission': {
      address: string;
      group: string;
      isMember: boolean;
      isActive: boolean;
      mode: string;
      vendorId: string;
      productId: string;
    };
    /** The cable was pulled, the board left the bus, or the server hung up. */
    'serial.gone': { address: string; reason: string };
    /** Used after it was closed. */
    'serial.closed': { address: string };
    'serial.noSuchPort': { address: string };
    /** No port was named, and none of this computer looks like a board's. `ports` lists what there is, a line each. */
    'serial.noBoard': { ports: string; count: number };
    /** No port was named, and several look like a board's. `ports` lists these, a line each. */
    'serial.severalBoards': { ports: string; count: number };
    'serial.notASerialDevice': { address: string };
    /** The native module does not load here. Addresses of the other two kinds still work. */
    'serial.unsupportedPlatform': { platform: string; reason: string };
    'serial.unsupportedBaud': { address: string; baud: number };
    /** The line has no DTR and RTS. */
    'serial.noModemLines': { address: string };
    /** A remote port could not be reached; `reason` is the system's code, such as `ECONNREFUSED`. */
    'serial.unreachable': { address: string; reason: string };
    /** Something answered, but not with RFC 2217. */
    'serial.notRfc2217': { address: string };
    /** The system's own words, for what is none of the above. */
    'serial.failed': { address: string; reason: string };
    /** A custom reset sequence of the settings. `position` is the index of the first character that is wrong. */
    'serial.badResetSequence': { sequence: string; position: number };
  }
}

export type AddressProblem =
  'empty' | 'unknownScheme' | 'noHost' | 'badHost' | 'noPort' | 'badPort' | 'unknownOption' | 'notAPath' | 'control';
