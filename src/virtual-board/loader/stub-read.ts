import { createHash } from 'node:crypto';
import type { CommandLine } from './loader-context.ts';
import { word } from './packets.ts';
import { STUB_ERROR } from './stub-reply.ts';
import type { TimedFlash } from './timed-flash.ts';

const LARGEST_PACKET_BYTES = 4096;
const ACK_BYTES = 4;

/** READ_FLASH after its acknowledgement: one packet at a time, whatever window the host asked for, each acknowledged with the total received so far;
 * then the MD5 of all of it. A frame that is no acknowledgement ends it early.
 * @see esp-flasher-stub v1.1 src/command_handler.c, `s_read_flash_post_process` */
export async function sendFlash(command: Uint8Array, flash: TimedFlash, line: CommandLine): Promise<number> {
  const [from, lengthBytes, packetBytes] = [word(command, 0), word(command, 1), word(command, 2)];
  if (packetBytes > LARGEST_PACKET_BYTES) return STUB_ERROR.badLength;
  const digest = createHash('md5');
  let sentBytes = 0;
  let acknowledgedBytes = 0;
  while (sentBytes < lengthBytes || acknowledgedBytes < lengthBytes) {
    if (sentBytes < lengthBytes) {
      const size = Math.min(packetBytes, lengthBytes - sentBytes);
      if (from + sentBytes + size > flash.sizeBytes) return STUB_ERROR.spiFailed;
      const data = await flash.read(from + sentBytes, size, line.signal);
      digest.update(data);
      line.send(data);
      sentBytes += size;
    }
    const frame = await line.nextFrame();
    if (frame.length !== ACK_BYTES) break;
    acknowledgedBytes = word(frame, 0);
  }
  line.send(digest.digest());
  return 0;
}
