import type { IdfProject } from '../idf/project.ts';
import type { Partition } from '../image/partition-table.ts';
import type { CertificateDescription } from '../server/certificate-description.ts';
import type { LanAddress } from '../server/lan-addresses.ts';

/** The certificate that the server shows or would show. */
export interface CertificateFacts {
  readonly mode: 'authority' | 'selfSigned' | 'own';
  /** Leaf and chain as sent, PEM. */
  readonly certificatePem: string;
  /** Of the leaf. */
  readonly description: CertificateDescription;
  /** What firmware has to embed to trust it, PEM; undefined when that is not known (a chain of the user's without its root). */
  readonly trustPem?: string;
}

export interface ServerFacts {
  readonly state: 'off' | 'starting' | 'on';
  /** As set, or as it runs. */
  readonly protocol: 'https' | 'http';
  readonly port: number;
  /** Host of the URL that firmware is told. */
  readonly host: string;
  /** The user has said that it is this one. */
  readonly isAddressChosen?: boolean;
  /** Address it listens on, or would. */
  readonly bindHost: string;
  /** Paths that are answered while it is on, each with the leading slash. */
  readonly paths: readonly string[];
  /** Somebody else listens on the port. */
  readonly isPortTaken?: boolean;
}

/** What is known of the board that the update is for. All of it was read from one, nothing is assumed. */
export interface BoardFacts {
  /** Such as `esp32s3`. */
  readonly chip?: string;
  /** major * 100 + minor. */
  readonly chipRevision?: number;
  readonly flashSizeBytes?: number;
  readonly partitions?: readonly Partition[];
  readonly runningVersion?: string;
  readonly runningProject?: string;
  /** eFuse secure version. */
  readonly secureVersion?: number;
  /** SPI mode of the application that runs, 0 QIO … 5 SLOW_READ. */
  readonly spiFlashMode?: number;
}

export interface HostFacts {
  readonly platform: NodeJS.Platform;
  readonly isWsl: boolean;
  readonly isContainer: boolean;
  /** The extension runs on another computer than the editor's window (SSH, tunnel). */
  readonly isRemote: boolean;
  /** Names this computer answers to, lower case, such as `desk` and `desk.local`. */
  readonly names: readonly string[];
}

/** A private key that lies in the workspace. */
export interface PrivateKeyFile {
  readonly path: string;
  /** Git tracks it, so that everybody with the repository has it; undefined where git was not asked. */
  readonly isTracked?: boolean;
  /** Git ignores it. */
  readonly isIgnored?: boolean;
}

/** What boards and the server said lately, for hints that take time into account. Milliseconds since 1970. */
export interface TrafficFacts {
  /** A board said last that it begins the download. */
  readonly connectingMs?: number;
  /** The last connection of any client, refused ones too. */
  readonly lastContactMs?: number;
}

/** Everything the checks look at, gathered at one moment; they read nothing else. */
export interface DoctorFacts {
  readonly project: IdfProject;
  /** Text of a file of the project at the time of the snapshot: sdkconfig, defaults, the partition CSV, CMakeLists.txt of project and main,
   * version.txt, the certificate, what main embeds. Undefined when it is not there or was not read. */
  readonly text: (path: string) => string | undefined;
  readonly certificate?: CertificateFacts;
  readonly server?: ServerFacts;
  /** Addresses of this computer, the likeliest for a board first. */
  readonly addresses: readonly LanAddress[];
  readonly board?: BoardFacts;
  readonly privateKeys: readonly PrivateKeyFile[];
  readonly host: HostFacts;
  readonly traffic?: TrafficFacts;
  readonly nowMs: number;
}
