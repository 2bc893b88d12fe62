import fc from 'fast-check';

/** The usual run takes the same inputs every time: when it fails, a change is the reason. ESP32_OTA_FUZZ_RUNS takes new ones, and so many of
 * them for every property that names no number itself. */
const runs = Number(process.env['ESP32_OTA_FUZZ_RUNS']);
fc.configureGlobal(runs > 0 ? { numRuns: runs } : { seed: 20_261_122 });
