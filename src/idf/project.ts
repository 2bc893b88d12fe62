import type { EspImage } from '../image/app-image.ts';
import type { ConfigReader } from './config-reader.ts';
import type { EmbeddedFile } from './embedded-files.ts';
import type { FlasherArgs } from './flasher-args.ts';
import type { IdfVersion } from './idf-version.ts';
import type { OtaConfig } from './ota-config.ts';
import type { PartitionTableState } from './partition-source.ts';
import type { Problem } from './problem.ts';
import type { ProjectDescription } from './project-description.ts';
import type { Sdkconfig } from './sdkconfig.ts';
import type { SourceFindings } from './source-search.ts';
import type { ResolvedVersion } from './version.ts';

/** An image that the build made. `image` is missing when it is not one; why stands in the project's problems. */
export interface BuiltImage {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** Milliseconds since 1970. */
  readonly modifiedMs: number;
  /** Hex, of the whole file. */
  readonly sha256: string;
  readonly image?: EspImage;
}

export interface ConfigFile {
  readonly path: string;
  readonly content: Sdkconfig;
}

export interface ProjectCertificate {
  /** Where the project expects the certificate of its server's authority: what it embeds, else `server_certs/ca_cert.pem`. */
  readonly path: string;
  /** Text of the file; undefined when it is not there. */
  readonly pem?: string;
  /** Some component embeds it. */
  readonly isEmbedded: boolean;
}

/** Everything known about a project at one moment. Never changes; load again to see changes. Paths are absolute. */
export interface IdfProject {
  readonly folder: string;
  /** The name given to project(), what the last build says, or the folder's name. */
  readonly name: string;
  /** Undefined for a folder that is no ESP-IDF project (a problem says so), or one known by its sdkconfig only. */
  readonly buildSystem?: 'v1' | 'v2';
  readonly isPlatformIo: boolean;
  readonly cmakePath: string;
  /** Where sdkconfig is or would be. */
  readonly sdkconfigPath: string;
  readonly sdkconfig?: Sdkconfig;
  /** Files of defaults that exist, in the order they are read (a later one counts more). */
  readonly defaults: readonly ConfigFile[];
  /** What counts for the next build. */
  readonly config: ConfigReader;
  /** What the last build was made with, where it is known. */
  readonly builtConfig?: ConfigReader;
  readonly idfVersion?: IdfVersion;
  /** Such as `esp32s3`. */
  readonly target?: string;
  /** The build folder in use, and all that there are. */
  readonly buildFolder?: string;
  readonly buildFolders: readonly string[];
  readonly description?: ProjectDescription;
  readonly flasherArgs?: FlasherArgs;
  readonly app?: BuiltImage;
  readonly bootloader?: BuiltImage;
  /** The build made an unsigned application only: it is signed elsewhere. */
  readonly unsignedAppPath?: string;
  readonly partitionTable: PartitionTableState;
  readonly version: ResolvedVersion;
  readonly versionTxtPath: string;
  readonly ota: OtaConfig;
  readonly sources: SourceFindings;
  readonly embeddedFiles: readonly EmbeddedFile[];
  readonly certificate: ProjectCertificate;
  /** Of all files, those of the version and the partition table included. */
  readonly problems: readonly Problem[];
}
