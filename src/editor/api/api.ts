// The API of ESP32 OTA for other extensions, version 1. This file stands by itself: copy it into your extension, or import its types.
// Documentation: docs/api.md. Everything that is handed out is plain data and frozen.

/** What `vscode.extensions.getExtension<Esp32OtaExports>('esp32-ota.esp32-ota')?.activate()` gives. */
export interface Esp32OtaExports {
  /** The major versions that {@link getApi} knows, ascending. */
  readonly apiVersions: readonly number[];
  /** The API of a major version. Rejects with code `api.unknownVersion` for one that is not in {@link apiVersions}. */
  getApi(version: 1): Promise<Esp32OtaApi>;
}

export interface Esp32OtaApi {
  /** Semantic version of the API, such as `1.0.0`. A new minor version only adds; a new major one has a number of its own in `getApi`. */
  readonly version: string;

  /** The OTA server as it is now. */
  server(): ServerInfo;
  /** What a client has to trust to download from the server over HTTPS; undefined while no certificate was made, or over plain HTTP. Makes
   * none. Never a private key. */
  trustedCertificate(): Promise<TrustedCertificate | undefined>;
  readonly onDidChangeServer: ApiEvent<ServerInfo>;
  /** Something that the server saw: a request, progress of a download, its end, a failed TLS handshake. */
  readonly onDidTransfer: ApiEvent<TransferInfo>;

  /** The port that the user has selected, such as `/dev/ttyUSB0`, `COM5` or `rfc2217://host:4000`; empty when none is. */
  selectedPort(): string;
  /** Who has a port in this window: `monitor`, the title of what goes on, or the name another extension gave. Undefined when it is free. */
  portHolder(port: string): Promise<string | undefined>;
  /** Takes a port. Our monitor closes it and gets it back when the lease is disposed; what cannot be interrupted (flashing) is not. The lease
   * is a promise among those who share the port through it: it opens nothing. Rejects with a code:
   * - `serial.inUse`: somebody has it who does not give it away now
   * - `serial.otherWindow`: another window has it
   * - `serial.badAddress`: no such address
   * - `api.badOption`: an option is not what its type says, or the name is empty or one of ours
   * - `command.untrusted`: the workspace is not trusted
   * - `cancelled`: the signal was aborted
   * - `api.ended`: the extension was deactivated */
  leasePort(port: string, options: LeaseOptions): Promise<PortLease>;

  /** A step of an update: when it begins and when it ends. */
  readonly onDidUpdateStep: ApiEvent<UpdateStepInfo>;
  /** A delivery or a rehearsal came to its end. */
  readonly onDidEndDelivery: ApiEvent<DeliveryInfo>;
  /** The slots of a board were read, or read back after a change. */
  readonly onDidReadSlots: ApiEvent<SlotsInfo>;
}

/** Subscribes a listener until what it returns is disposed. Compatible with `vscode.Event`. A listener that throws harms nobody. */
export type ApiEvent<T> = (
  listener: (event: T) => unknown,
  thisArgs?: unknown,
  disposables?: ApiDisposable[],
) => ApiDisposable;

export interface ApiDisposable {
  dispose(): void;
}

/** Rejections are an `Error` with this. Codes stay the same within a major version; `message` is for people. */
export interface ApiError extends Error {
  readonly code: string;
}

export interface ServerInfo {
  readonly state: 'off' | 'starting' | 'on';
  /** While it is on: `https://192.168.0.5:8070`. */
  readonly url?: string;
  readonly protocol?: 'https' | 'http';
  readonly port?: number;
  /** While it is on: what can be downloaded, the newest under each name. */
  readonly releases: readonly ReleaseInfo[];
}

export interface ReleaseInfo {
  /** File name, such as `blink.bin`. */
  readonly name: string;
  readonly project: string;
  readonly version: string;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
  readonly sizeBytes: number;
  /** Whatever is newest under this name. */
  readonly url: string;
  /** These bytes and no others. */
  readonly pinnedUrl: string;
}

export interface TrustedCertificate {
  /** A file with the certificate alone. */
  readonly path: string;
  readonly pem: string;
}

export interface TransferInfo {
  readonly kind: 'requested' | 'progress' | 'ended' | 'tlsFailed' | 'refused';
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** Address of the client. */
  readonly client: string;
  /** The same for every request of one download. */
  readonly transferId?: string;
  /** `requested`, `ended`: the HTTP status. */
  readonly status?: number;
  /** `progress`: position in the image. */
  readonly offsetBytes?: number;
  /** `ended`: bytes that were handed to the network in this request. */
  readonly sentBytes?: number;
  readonly totalBytes?: number;
  /** `ended` */
  readonly outcome?: 'complete' | 'aborted' | 'failed';
  /** `tlsFailed`, `refused`: a stable id, such as `unknownAuthority`. */
  readonly cause?: string;
}

export interface LeaseOptions {
  /** Shown to the user while you have the port: “My Tool”. At most 60 characters. `monitor`, `flash`, `slots` and `ESP-IDF` are ours. */
  readonly name: string;
  readonly signal?: AbortSignal;
  /** Somebody else asks for the port, by name: close it and resolve, and the lease is theirs until they are done. Without it you are never
   * asked. Within 5 seconds. */
  readonly onYield?: (requester: string) => Promise<void>;
  /** The port is yours again, after you yielded. */
  readonly onResume?: () => unknown;
}

export interface PortLease extends ApiDisposable {
  readonly port: string;
  /** False while yielded to somebody, and when the lease has ended. */
  readonly isHeld: boolean;
  /** As `dispose`, and resolves when whoever had the port before is free to open it. Close the port first. */
  release(): Promise<void>;
}

export interface UpdateStepInfo {
  /** The same as {@link DeliveryInfo.id}. */
  readonly deliveryId: string;
  readonly project: string;
  /** Id of the board within the delivery. */
  readonly board: string;
  /** `published`, `triggered`, `started`, `tls`, `asked`, `download`, `verify`, `slotSet`, `reboot`, `running` or `confirmed`. */
  readonly step: string;
  readonly outcome: 'running' | 'done' | 'failed';
  readonly startedMs: number;
  readonly endedMs?: number;
}

export interface DeliveryInfo {
  readonly id: string;
  readonly kind: 'delivery' | 'rehearsal';
  readonly project: string;
  readonly version?: string;
  readonly startedMs: number;
  readonly endedMs?: number;
  readonly end: 'finished' | 'stopped' | 'cancelled' | 'interrupted';
  /** `stopped`: what was in the way, as a code. */
  readonly error?: string;
  readonly boards: readonly BoardResult[];
}

export interface BoardResult {
  readonly board: string;
  readonly name: string;
  readonly outcome: 'confirmed' | 'delivered' | 'refused' | 'failed' | 'rolledBack' | 'unknown' | 'cancelled';
  /** Why not, as a stable id such as `tls.unknownAuthority`. */
  readonly cause?: string;
}

export interface SlotsInfo {
  readonly port: string;
  readonly readAtMs: number;
  /** Label of the slot that boots next. */
  readonly boots?: string;
  readonly slots: readonly SlotInfo[];
}

export interface SlotInfo {
  readonly label: string;
  readonly offsetBytes: number;
  readonly sizeBytes: number;
  readonly project?: string;
  readonly version?: string;
  /** Of the ELF file, 64 hex digits. */
  readonly elfSha256?: string;
  /** `empty`, `notAnImage`, `damaged`, `wrongChip` or `wrongRevision`. */
  readonly problem?: string;
  readonly isNext: boolean;
}
