import type { AppRun } from './app-run.ts';
import { ESP_FAIL, ESP_OK, espErr } from './esp-err.ts';
import type { HttpClient } from './http-client.ts';
import { isAtLeast } from './idf-version.ts';

const TAG = 'esp_https_ota';
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const MAX_AUTHORIZATION_TRIES = 10;

/** Whether a response is answered with another request: a redirect, or a demand for credentials. */
export function isAskedAgain(status: number): boolean {
  return REDIRECTS.has(status) || status === 401;
}

/** What `esp_https_ota` makes of a status code.
 * @see ESP-IDF v5.5 components/esp_https_ota/src/esp_https_ota.c, `_http_handle_response_code` */
export class StatusRules {
  readonly #run: AppRun;
  #authorizationsLeft = MAX_AUTHORIZATION_TRIES;

  constructor(run: AppRun) {
    this.#run = run;
  }

  /** ESP_OK to go on (or to ask again), or the error. `needsRange`: a resumed download, which only 206 answers (since 5.5.5). */
  handle(client: HttpClient, { needsRange }: { readonly needsRange: boolean }): number {
    const { log, idf } = this.#run;
    const { status } = client;
    if (REDIRECTS.has(status)) {
      const err = client.redirect();
      if (err !== ESP_OK) log('E', TAG, 'URL redirection Failed');
      return err;
    }
    if (isAtLeast(idf, 5, 5) && status === 304) {
      log('I', TAG, `OTA image not modified since last request (status code: ${status})`);
      return espErr('ESP_ERR_HTTP_NOT_MODIFIED');
    }
    if (isAtLeast(idf, 5, 5) && status === 416) {
      log('I', TAG, `Requested range is incorrect (status code: ${status})`);
      return espErr('ESP_ERR_HTTP_RANGE_NOT_SATISFIABLE');
    }
    if (status === 401) return this.#authorize(client);
    if (!isAtLeast(idf, 4, 3)) return ESP_OK;
    if (status === 403 || status === 404) {
      log('E', TAG, `File not found(${status})`);
      return ESP_FAIL;
    }
    if (status >= 400) {
      log('E', TAG, `${status < 500 ? 'Client' : 'Server'} error (${status})`);
      return ESP_FAIL;
    }
    if (needsRange && isAtLeast(idf, 5, 5, 5) && status !== 206) {
      log('W', TAG, 'Server ignored the requested Range header');
      log('W', TAG, 'OTA resumption requires server with range request support.');
      return espErr('ESP_ERR_HTTP_RANGE_NOT_SATISFIABLE');
    }
    return ESP_OK;
  }

  #authorize(client: HttpClient): number {
    const { log } = this.#run;
    if (this.#authorizationsLeft === 0) {
      log('E', TAG, 'Reached max_authorization_retries (401)');
      return ESP_FAIL;
    }
    this.#authorizationsLeft--;
    const err = client.authenticate();
    if (err !== ESP_OK) log('E', TAG, 'Authorization Failed');
    return err;
  }
}
