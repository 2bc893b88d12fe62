import type { Disposable } from '../base/disposable.ts';
import { armPowerCut, BodyReader, type AppRun } from './app-run.ts';
import { ESP_FAIL, ESP_OK, espErr, espErrName, hexErr } from './esp-err.ts';
import { HttpClient } from './http-client.ts';
import { isAtLeast } from './idf-version.ts';
import { checkHeader } from './incoming-header.ts';
import { readDescription, type Description } from './image-in-flash.ts';
import { beginOta, nextUpdateSlot, resumeOta, setBootSlot, type OtaWrite } from './ota-ops.ts';
import type { Row } from './partition-rows.ts';
import { isAskedAgain, StatusRules } from './response-status.ts';

const TAG = 'esp_https_ota';
const DEFAULT_REQUEST_BYTES = 64 * 1024;

/** `ESP_ERR_HTTPS_OTA_IN_PROGRESS` */
export const IN_PROGRESS = 0x9001;

export interface HttpsOtaOptions {
  readonly url: string;
  readonly timeoutMs: number;
  readonly bufferBytes: number;
  readonly partialDownload: { readonly requestSizeBytes: number } | undefined;
  /** `ota_image_bytes_written`; undefined without resumption. */
  readonly resumeAtBytes: number | undefined;
  /** The events of `ESP_HTTPS_OTA_EVENT`, as the example words them. */
  readonly onEvent: (words: string) => void;
}

/** `esp_https_ota`: begin, get_img_desc, perform, finish, abort. Each gives an `esp_err_t` and says on the console what the component says.
 * @see ESP-IDF v5.5 components/esp_https_ota/src/esp_https_ota.c */
export class HttpsOta {
  readonly #run: AppRun;
  readonly #options: HttpsOtaOptions;
  readonly #client: HttpClient;
  readonly #body: BodyReader;
  readonly #requestBytes: number;
  readonly #status: StatusRules;
  #isResuming: boolean;
  #state: 'begun' | 'resuming' | 'inProgress' | 'success' = 'begun';
  #slot: Row | undefined;
  #write: OtaWrite | undefined;
  #cut: Disposable | undefined;
  #headerBytes: Uint8Array | undefined;
  #imageLength = -1;
  #binaryLength = 0;

  private constructor(run: AppRun, options: HttpsOtaOptions, client: HttpClient) {
    this.#run = run;
    this.#options = options;
    this.#client = client;
    this.#body = new BodyReader(run);
    this.#status = new StatusRules(run);
    this.#requestBytes = options.partialDownload?.requestSizeBytes ?? DEFAULT_REQUEST_BYTES;
    this.#isResuming = options.resumeAtBytes !== undefined;
    if (options.resumeAtBytes !== undefined && options.resumeAtBytes >= this.#firstReadBytes) {
      this.#binaryLength = options.resumeAtBytes;
    }
  }

  /** `esp_https_ota_begin`: the handle, or the error. */
  static async begin(run: AppRun, options: HttpsOtaOptions): Promise<HttpsOta | number> {
    options.onEvent('OTA started');
    if (run.tls.trust === undefined) {
      if (!run.options.allowsHttp) {
        const message = isAtLeast(run.idf, 4, 4)
          ? 'No option for server verification is enabled in esp_http_client config.'
          : 'Server certificate not found in esp_http_client config';
        run.log('E', TAG, message);
        return espErr('ESP_ERR_INVALID_ARG');
      }
      if (isAtLeast(run.idf, 4, 4)) {
        const option = isAtLeast(run.idf, 5, 0) ? 'CONFIG_ESP_HTTPS_OTA_ALLOW_HTTP' : 'CONFIG_OTA_ALLOW_HTTP';
        run.log('W', TAG, `Continuing with insecure option because ${option} is set.`);
      }
    }
    const client = HttpClient.create(options.url, run.network, run.tls, {
      timeoutMs: options.timeoutMs,
      hasBasicAuth: run.options.hasBasicAuth,
    });
    if (client === undefined) {
      run.log('E', TAG, 'Failed to initialise HTTP connection');
      return ESP_FAIL;
    }
    const ota = new HttpsOta(run, options, client);
    const err = await ota.#begin();
    if (err === ESP_OK) return ota;
    client.close();
    return err;
  }

  /** Header bytes that are read before anything is judged. */
  get #firstReadBytes(): number {
    return isAtLeast(this.#run.idf, 5, 0) ? 1024 : 289;
  }

  get isCompleteDataReceived(): boolean {
    return this.#options.partialDownload === undefined
      ? this.#client.isComplete
      : this.#imageLength === this.#binaryLength;
  }

  /** `esp_https_ota_get_image_len_read` */
  get lengthRead(): number {
    return this.#binaryLength;
  }

  async #begin(): Promise<number> {
    const { log } = this.#run;
    const partial = this.#options.partialDownload;
    if (partial === undefined) {
      if (this.#isResuming) this.#client.setHeader('Range', `bytes=${this.#binaryLength}-`);
    } else {
      const err = await this.#measure();
      if (err !== ESP_OK) return err;
      this.#setFirstRange();
    }
    let err = await this.#connect();
    if (err === espErr('ESP_ERR_HTTP_RANGE_NOT_SATISFIABLE') && this.#isResuming) {
      log('E', TAG, `OTA resumption failed with err: ${err}.`);
      log('I', TAG, 'Falling back to OTA without resumption and restarting download from beginning');
      this.#isResuming = false;
      this.#binaryLength = 0;
      this.#client.setHeader('Range', undefined);
      if (partial !== undefined && this.#imageLength > this.#requestBytes) {
        this.#client.setHeader('Range', `bytes=0-${this.#requestBytes - 1}`);
      }
      this.#client.close();
      err = await this.#connect();
    }
    if (err !== ESP_OK) {
      if (err !== espErr('ESP_ERR_HTTP_NOT_MODIFIED')) log('E', TAG, 'Failed to establish HTTP connection');
      return err;
    }
    this.#options.onEvent('Connected to server');
    if (partial === undefined) this.#imageLength = this.#client.contentLengthBytes;
    return this.#chooseSlot();
  }

  #chooseSlot(): number {
    const { log, idf, ota } = this.#run;
    log('I', TAG, 'Starting OTA...');
    const slot = nextUpdateSlot(ota);
    if (slot === undefined) {
      const message = isAtLeast(idf, 5, 5)
        ? 'Given staging partition or another suitable Passive OTA partition could not be found'
        : 'Passive OTA partition not found';
      log('E', TAG, message);
      return ESP_FAIL;
    }
    const at = `offset 0x${slot.offset.toString(16)}`;
    log(
      'I',
      TAG,
      isAtLeast(idf, 5, 4)
        ? `Writing to <${slot.label}> partition at ${at}`
        : `Writing to partition subtype ${slot.subtype} at ${at}`,
    );
    this.#slot = slot;
    this.#state = this.#binaryLength > 0 ? 'resuming' : 'begun';
    this.#run.onUpdateBegins(slot, this.#imageLength > 0 ? this.#totalBytes() : undefined);
    return ESP_OK;
  }

  #totalBytes(): number {
    const isRest = this.#options.partialDownload === undefined && this.#state === 'resuming';
    return this.#imageLength + (isRest ? this.#binaryLength : 0);
  }

  /** Asks for the image's length before a download in parts: HEAD, and from 6.0 on a GET of one byte where HEAD is not answered. */
  async #measure(): Promise<number> {
    const { log, idf } = this.#run;
    this.#client.setMethod('HEAD');
    let err = await this.#client.perform();
    if (err !== ESP_OK) {
      log('E', TAG, `ESP HTTP client perform failed: ${err}`);
      return err;
    }
    this.#imageLength = this.#client.contentLengthBytes;
    if (this.#client.status !== 200) {
      if (!isAtLeast(idf, 6, 0)) {
        log('E', TAG, `Received incorrect http status ${this.#client.status}`);
        return ESP_FAIL;
      }
      this.#client.setHeader('Range', 'bytes=0-0');
      this.#client.setMethod('GET');
      err = await this.#client.perform();
      if (err !== ESP_OK) {
        log('E', TAG, `ESP HTTP client perform failed: ${err}`);
        return err;
      }
      const { status } = this.#client;
      if (status !== 200 && status !== 206) {
        log('E', TAG, `Received incorrect http status ${status}`);
        return ESP_FAIL;
      }
      this.#client.setHeader('Range', undefined);
      this.#imageLength = status === 200 ? this.#client.contentLengthBytes : this.#client.contentRangeTotalBytes;
    }
    if (this.#imageLength === -1) {
      log('E', TAG, 'Failed to get image length from http response');
      return ESP_FAIL;
    }
    this.#client.close();
    return ESP_OK;
  }

  /** The first part. With resumption its end may be one past the last byte. */
  #setFirstRange(): void {
    const start = this.#binaryLength;
    const end = this.#imageLength > this.#requestBytes + start ? start + this.#requestBytes - 1 : this.#imageLength;
    if (end - start < this.#imageLength) this.#client.setHeader('Range', `bytes=${start}-${end}`);
    this.#client.setMethod('GET');
  }

  async #connect(): Promise<number> {
    const { log } = this.#run;
    for (;;) {
      // the same connection serves the next part where the server keeps it: 5.4.4, 5.5.2, 6.0 and later
      if (this.#state === 'inProgress' && !this.#keepsConnection()) this.#client.close();
      let err = await this.#client.open();
      if (err !== ESP_OK) {
        log('E', TAG, `Failed to open HTTP connection: ${espErrName(err)}`);
        return err;
      }
      err = await this.#client.fetchHeaders();
      if (err !== ESP_OK) return err;
      err = this.#status.handle(this.#client, {
        needsRange: this.#isResuming && this.#options.partialDownload === undefined,
      });
      if (err !== ESP_OK) return err;
      if (!isAskedAgain(this.#client.status)) return ESP_OK;
      await this.#client.drain();
    }
  }

  #keepsConnection(): boolean {
    const { idf } = this.#run;
    const isReused =
      isAtLeast(idf, 6, 0) ||
      (idf.major === 5 && ((idf.minor === 5 && idf.patch >= 2) || (idf.minor === 4 && idf.patch >= 4)));
    return isReused && this.#client.isPersistent;
  }

  /** `esp_https_ota_get_img_desc`: the description of the image on the server, or the error. */
  async description(): Promise<Description | number> {
    const { log, ota, idf } = this.#run;
    this.#options.onEvent('Reading Image Description');
    let head: Uint8Array | undefined;
    if (this.#binaryLength >= 288 && this.#slot !== undefined) head = ota.flash.read(this.#slot.offset, 288);
    else head = await this.#readHeader();
    if (head === undefined) return ESP_FAIL;
    const description = readDescription(head, !isAtLeast(idf, 5, 0));
    if (description === undefined) log('E', TAG, 'Incorrect app descriptor magic');
    return description ?? ESP_FAIL;
  }

  async #readHeader(): Promise<Uint8Array | undefined> {
    const { log } = this.#run;
    const parts: Uint8Array[] = [];
    let missing = this.#firstReadBytes;
    while (missing > 0 && !this.#client.isComplete) {
      const result = await this.#body.read(this.#client, missing);
      if (result.kind === 'timeout') continue;
      if (result.kind === 'failed') {
        log('E', TAG, `Connection closed, errno = ${result.errno}`);
        break;
      }
      if (result.bytes.length === 0) break;
      parts.push(result.bytes);
      missing -= result.bytes.length;
    }
    if (missing > 0) {
      log('E', TAG, 'Complete headers were not received');
      return undefined;
    }
    this.#headerBytes = Buffer.concat(parts);
    this.#binaryLength = this.#headerBytes.length;
    return this.#headerBytes;
  }

  /** `esp_https_ota_perform`: one step; {@link IN_PROGRESS} when there is more. */
  async perform(): Promise<number> {
    const { log } = this.#run;
    if (this.#state === 'begun' || this.#state === 'resuming') {
      const begun = this.#openSlot();
      if (begun !== ESP_OK) return begun;
      if (this.#write?.writtenBytes === 0) return this.#performHeader();
    }
    const result = await this.#body.read(this.#client, Math.max(this.#options.bufferBytes, this.#firstReadBytes));
    if (result.kind === 'timeout') return IN_PROGRESS;
    if (result.kind === 'failed') {
      log('E', TAG, `data read -1, errno ${result.errno}`);
      return ESP_FAIL;
    }
    if (result.bytes.length > 0) return this.#writeBytes(result.bytes);
    if (!this.#client.isComplete) {
      log('E', TAG, 'Connection closed before complete data was received!');
      return ESP_FAIL;
    }
    if (this.#options.partialDownload === undefined || this.#imageLength === this.#binaryLength) {
      this.#state = 'success';
      return ESP_OK;
    }
    return this.#nextPart();
  }

  #openSlot(): number {
    const { log, ota } = this.#run;
    if (this.#slot === undefined) return ESP_FAIL;
    const isResumed = this.#state === 'resuming';
    const begun = isResumed ? resumeOta(ota, this.#slot, this.#binaryLength) : beginOta(ota, this.#slot);
    if (typeof begun === 'number') {
      log('E', TAG, `${isResumed ? 'esp_ota_resume' : 'esp_ota_begin'} failed (${espErrName(begun)})`);
      return begun;
    }
    this.#cut = armPowerCut(this.#run, begun);
    this.#write = begun;
    this.#state = 'inProgress';
    return ESP_OK;
  }

  async #performHeader(): Promise<number> {
    const head = this.#headerBytes ?? (await this.#readHeader());
    if (head === undefined) return ESP_FAIL;
    this.#binaryLength = 0;
    const err = checkHeader(this.#run, head, this.#options.onEvent);
    return err === ESP_OK ? this.#writeBytes(head) : err;
  }

  #writeBytes(bytes: Uint8Array): number {
    const err = this.#write?.write(bytes) ?? ESP_FAIL;
    if (err !== ESP_OK) {
      this.#run.log('E', TAG, `Error: esp_ota_write failed! err=0x${hexErr(err)}`);
      return err;
    }
    this.#binaryLength += bytes.length;
    this.#run.onWritten(this.#binaryLength);
    return IN_PROGRESS;
  }

  async #nextPart(): Promise<number> {
    const left = this.#imageLength - this.#binaryLength;
    if (left <= 0) return ESP_OK;
    const start = this.#binaryLength;
    const end = left > this.#requestBytes ? `${start + this.#requestBytes - 1}` : '';
    this.#client.setHeader('Range', `bytes=${start}-${end}`);
    if ((await this.#connect()) === ESP_OK) return IN_PROGRESS;
    this.#run.log('E', TAG, 'Failed to establish HTTP connection');
    return ESP_FAIL;
  }

  /** `esp_https_ota_finish`: verifies the slot and, after a whole download, makes it the one to boot. */
  finish(): number {
    const { ota, log } = this.#run;
    this.#cut?.dispose();
    let err = this.#write?.end() ?? ESP_OK;
    this.#client.close();
    if (err === ESP_OK && this.#state === 'success' && this.#slot !== undefined) {
      err = setBootSlot(ota, this.#slot);
      if (err === ESP_OK) this.#options.onEvent(`Boot partition updated. Next Partition: ${this.#slot.subtype}`);
      else log('E', TAG, `esp_ota_set_boot_partition failed! err=0x${hexErr(err)}`);
    }
    this.#options.onEvent('OTA finish');
    return err;
  }

  /** `esp_https_ota_abort` */
  abort(): void {
    this.#options.onEvent('OTA abort');
    this.#cut?.dispose();
    this.#client.close();
  }
}
