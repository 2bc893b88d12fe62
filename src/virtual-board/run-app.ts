import { ADVANCED_TAG, runAdvanced } from './app-advanced.ts';
import { NATIVE_TAG, runNative } from './app-native.ts';
import type { AppOutcome, AppRun } from './app-run.ts';
import { runSimple, SIMPLE_TAG } from './app-simple.ts';
import { connectWifi, crash, isFlashLargeEnough, printAppMain, printAppStart, printDigests } from './app-start.ts';
import { ESP_OK } from './esp-err.ts';
import { isAtLeast } from './idf-version.ts';
import { isPendingVerify, markInvalid, markValid } from './ota-ops.ts';

/** Where the application is, for those who watch. */
export type AppPhase = 'connecting' | 'idle' | 'updating';

export interface AppPlan {
  /** The image in the running slot came by an update of this board and runs for the first time. */
  readonly isFirstBoot: boolean;
  /** It came by an update, whenever that was. */
  readonly isUpdated: boolean;
  /** Whether this boot tries an update. */
  readonly wantsUpdate: boolean;
  readonly onPhase: (phase: AppPhase) => void;
}

/** The longest delay a timer takes. */
const FOR_EVER_MS = 2 ** 31 - 1;
/** What the firmware remembers that never asks again. */
const GIVEN_UP = 'ota_given_up';

const TAGS = { simple: SIMPLE_TAG, advanced: ADVANCED_TAG, native: NATIVE_TAG } as const;

/** The application from its first line: information, network, confirmation, and its update where this boot has one. */
export async function runApp(run: AppRun, plan: AppPlan): Promise<AppOutcome> {
  const { options, knobs, idf, log } = run;
  const tag = TAGS[options.client];
  plan.onPhase('connecting');
  printAppStart(run);
  if (!isFlashLargeEnough(run)) {
    run.raw('');
    run.raw('assert failed: do_core_init startup.c:328 (flash_ret == ESP_OK)');
    return 'crash';
  }
  printAppMain(run, tag);
  const crashes = knobs.crashAfterUpdate === 'everyBoot' ? plan.isUpdated : plan.isFirstBoot;
  if (knobs.crashAfterUpdate !== undefined && crashes) return crash(run);
  if (isAtLeast(idf, 4, 3) && options.client !== 'advanced') printDigests(run, tag);
  if (options.client === 'native') {
    const diagnosed = await diagnose(run);
    if (diagnosed !== undefined) return diagnosed;
  }
  if (!(await connectWifi(run))) {
    plan.onPhase('idle');
    return 'idle';
  }
  if (options.client !== 'native') {
    const confirmed = confirm(run, tag);
    if (confirmed !== undefined) return confirmed;
  }
  if (!plan.wantsUpdate) {
    log('I', 'main_task', 'Returned from app_main()');
    plan.onPhase('idle');
    return 'idle';
  }
  if (run.nvs.has(GIVEN_UP)) {
    plan.onPhase('idle');
    return 'idle';
  }
  plan.onPhase('updating');
  const outcome = await { simple: runSimple, advanced: runAdvanced, native: runNative }[options.client](run);
  if (outcome === 'idle') {
    if (knobs.afterFailedUpdate === 'crashes') return crash(run);
    if (knobs.afterFailedUpdate === 'hangs') await run.sleep(FOR_EVER_MS);
    if (knobs.afterFailedUpdate === 'givesUp') run.nvs.set(GIVEN_UP, 1);
    plan.onPhase('idle');
    await reconnect(run);
  } else if (outcome === 'restart' && options.client === 'simple') await run.sleep(run.delays.restartMs);
  return outcome;
}

/** After a lost link the station comes back by itself. */
async function reconnect(run: AppRun): Promise<void> {
  if (run.hasLostWifi()) await connectWifi(run);
}

function rollBack(run: AppRun): AppOutcome {
  return markInvalid(run.ota) === ESP_OK ? 'restart' : 'idle';
}

/** @see ESP-IDF v5.5 examples/system/ota/native_ota_example: five seconds in which a GPIO says whether all is well */
async function diagnose(run: AppRun): Promise<AppOutcome | undefined> {
  const { ota, log, knobs, options } = run;
  if (!options.hasRollback || !isPendingVerify(ota)) return undefined;
  if (knobs.neverConfirms === true || options.confirmsAfterUpdate === false) return undefined;
  log('I', NATIVE_TAG, 'Diagnostics (5 sec)...');
  await run.sleep(run.delays.diagnosticsMs);
  if (knobs.failsDiagnostics === true) {
    log('E', NATIVE_TAG, 'Diagnostics failed! Start rollback to the previous version ...');
    return rollBack(run);
  }
  log('I', NATIVE_TAG, 'Diagnostics completed successfully! Continuing execution ...');
  markValid(ota);
  return undefined;
}

/** @see ESP-IDF v5.5 examples/system/ota/advanced_https_ota: a network is proof enough */
function confirm(run: AppRun, tag: string): AppOutcome | undefined {
  const { ota, log, knobs, options } = run;
  if (!options.hasRollback || !isPendingVerify(ota)) return undefined;
  if (knobs.failsDiagnostics === true) return rollBack(run);
  const confirms = options.confirmsAfterUpdate ?? options.client !== 'simple';
  if (!confirms || knobs.neverConfirms === true) return undefined;
  if (markValid(ota) === ESP_OK) log('I', tag, 'App is valid, rollback cancelled successfully');
  else log('E', tag, 'Failed to cancel rollback');
  return undefined;
}
