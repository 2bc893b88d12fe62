/** A program that delivers and delivers, and tells what is on the disk: `<id> <records>` a line. Killed by the test that runs it. */
import { diskFiles } from '../../src/base/files.ts';
import { UpdateHistory } from '../../src/ota/history.ts';
import type { DeliveryRecord } from '../../src/ota/delivery.ts';

const [path = ''] = process.argv.slice(2);
const NOTE = 'x'.repeat(700);

async function main(): Promise<void> {
  const history = await UpdateHistory.open({ path, files: diskFiles });
  for (let delivery = 1; ; delivery++) {
    const id = `d${delivery}`;
    const records: DeliveryRecord[] = [
      { t: 'begin', id, atMs: delivery, kind: 'delivery', project: 'blink' },
      { t: 'work', id, work: { id: 'build', outcome: 'done', startedMs: 1, endedMs: 2, note: NOTE } },
      { t: 'version', id, version: '1.1.0' },
      { t: 'end', id, atMs: delivery, end: { kind: 'finished' } },
    ];
    for (const [index, record] of records.entries()) {
      await history.append(record);
      process.stdout.write(`${id} ${index + 1}\n`);
    }
  }
}

void main();
