import { l10n, window } from 'vscode';
import { showInformationMessage } from '../messages.ts';
import { OtaError } from '../../base/ota-error.ts';
import type { SlotChange } from '../../flash/change-slots.ts';
import type { ChipSession } from '../../flash/chip-session.ts';
import type { OnProgress } from '../../flash/progress.ts';
import type { ChipSlot, ChipSlots } from '../../flash/slots.ts';
import { bootReasonText, bootsText, slotTitle } from '../../texts/slot-texts.ts';
import { bytesText, durationText } from '../../texts/text.ts';
import type { WindowSession } from '../window-session.ts';
import { nameOf } from './flash-commands.ts';
import { portFor } from './port-commands.ts';
import { requireProject, requireTrust, type Handler } from './run.ts';
import { confirmPlan, FROM_MESSAGE, pickSlot, slotOfRow, tellWaiting, writingSlot } from './slot-question.ts';

interface OnBoard {
  readonly address: string;
  readonly name: string;
  readonly chip: ChipSession;
  readonly slots: ChipSlots;
  readonly signal: AbortSignal;
  readonly report: OnProgress;
}

/** Gets hold of the chip, reads its slots, and works with them; the board waits in its loader meanwhile. */
async function onBoard<T>(
  session: WindowSession,
  row: unknown,
  title: (name: string) => string,
  work: (on: OnBoard) => Promise<T>,
): Promise<T | undefined> {
  requireTrust();
  const address = await portFor(session, row);
  if (address === undefined) return undefined;
  const name = nameOf(session, address);
  return session.flash.withChip(address, title(name), async (chip, signal, report) => {
    const slots = await session.slots.readWith(chip, address, signal, report);
    return work({ address, name, chip, slots, signal, report });
  });
}

export const readSlots: Handler = async (session, row) => {
  let read: string | undefined;
  await onBoard(
    session,
    row,
    (name) => l10n.t('Reading the slots of {0}', name),
    ({ slots, name, address }) => {
      read = address;
      const next = slots.slots.find(({ isNext }) => isNext);
      session.log.info(`slots of ${name}: ${slots.bytesRead} bytes read, ${JSON.stringify(slots.boot.target)}`);
      const what = bootsText(next === undefined ? undefined : slotTitle(next));
      window.setStatusBarMessage(`${name}: ${what}, ${bootReasonText(slots.boot, next)}`, 10_000);
      return Promise.resolve();
    },
  );
  if (read !== undefined) await session.showPort(read);
};

interface Question {
  readonly message: string;
  readonly action: string;
}

/** Plans a change, shows it, asks (unless the command said it all), carries it out and tells what was read back. */
async function change(
  session: WindowSession,
  on: OnBoard,
  wanted: SlotChange,
  question?: (boots: string) => Question,
): Promise<void> {
  const { address, chip, slots, signal, report, name } = on;
  const { applySlotChange, planSlotChange } = await import('../../flash/change-slots.ts');
  const plan = planSlotChange(slots, wanted);
  const after = plan.nextAfter === undefined ? l10n.t('nothing') : slotTitle(plan.nextAfter);
  if (plan.operations.length === 0) {
    void showInformationMessage(l10n.t('Nothing was written: {0} boots {1} already.', name, after));
    return;
  }
  if (question !== undefined) {
    tellWaiting(report);
    await confirmPlan(session, slots, plan, question(after));
  }
  session.flash.announceWrite(address);
  const changed = await applySlotChange(chip, slots, plan, { onProgress: report }, signal);
  session.slots.put(address, changed);
  session.log.info(
    `${address}: otadata ${Buffer.from(plan.before).toString('hex')} → ${Buffer.from(plan.after).toString('hex')}`,
  );
  const now = changed.slots.find(({ isNext }) => isNext);
  const boots = now === undefined ? l10n.t('nothing') : slotTitle(now);
  void showInformationMessage(l10n.t('Otadata was written and read back: {0} boots {1} now.', name, boots));
}

export const bootSlot: Handler = async (session, row) => {
  await onBoard(
    session,
    row,
    (name) => l10n.t('Boot another slot of {0}', name),
    async (on) => {
      const { switchTarget } = await import('../../flash/change-slots.ts');
      const others = on.slots.slots.filter(
        ({ isNext, problem, partition }) => !isNext && problem === undefined && switchTarget(partition) !== undefined,
      );
      const named = slotOfRow(on.slots, row);
      tellWaiting(on.report);
      const slot = named ?? (await pickOther(on.slots, others));
      const target = switchTarget(slot.partition);
      if (target === undefined) throw new OtaError('slots.noSuchSlot', { slot: slot.partition.label });
      await change(session, on, { kind: 'boot', target }, (boots) => ({
        message: l10n.t('Boot {0} on {1}?', boots, on.name),
        action: l10n.t('Boot {0}', slot.partition.label),
      }));
    },
  );
};

async function pickOther(slots: ChipSlots, others: readonly ChipSlot[]): Promise<ChipSlot> {
  if (others.length === 0) {
    const next = slots.slots.find(({ isNext }) => isNext);
    throw new OtaError('slots.noPrevious', { slot: next?.partition.label ?? '' });
  }
  return pickSlot(others, l10n.t('Select the slot to boot'));
}

export const bootPreviousVersion: Handler = async (session, row) => {
  await onBoard(
    session,
    row,
    (name) => l10n.t('Going back to the previous version on {0}', name),
    (on) =>
      change(session, on, { kind: 'previous' }, (boots) => ({
        message: l10n.t('Go back to {0} on {1}?', boots, on.name),
        action: l10n.t('Go Back'),
      })),
  );
};

export const eraseOtadata: Handler = async (session, row) => {
  await onBoard(
    session,
    row,
    (name) => l10n.t('Erasing otadata of {0}', name),
    (on) =>
      change(session, on, { kind: 'eraseOtadata' }, (boots) => ({
        message: l10n.t('Erase otadata of {0}? It boots {1} then.', on.name, boots),
        action: l10n.t('Erase'),
      })),
  );
};

/** The slot that was flashed from here last and still has it, else the one that has the local build. */
async function flashedSlot(session: WindowSession, { address, slots }: OnBoard): Promise<ChipSlot> {
  const { slotOfBuild, slotOfFlashed } = await import('../../ota/slot-rows.ts');
  const found = slotOfFlashed(slots, session.slots.flashedOf(address));
  if (found !== undefined) return found;
  const { build } = session.slots;
  if (build === undefined) throw new OtaError('command.noImage', { path: requireProject(session).folder });
  return slotOfBuild(slots, build);
}

export const bootFlashed: Handler = async (session, row, from) => {
  await onBoard(
    session,
    row,
    (name) => l10n.t('Booting on {0} what was just flashed', name),
    async (on) => {
      const { switchTarget } = await import('../../flash/change-slots.ts');
      const slot = await flashedSlot(session, on);
      const target = switchTarget(slot.partition);
      if (target === undefined) throw new OtaError('slots.noSuchSlot', { slot: slot.partition.label });
      const question = (boots: string): Question => ({
        message: l10n.t('Boot {0} on {1}?', boots, on.name),
        action: l10n.t('Boot {0}', slot.partition.label),
      });
      await change(session, on, { kind: 'boot', target }, from === FROM_MESSAGE ? undefined : question);
    },
  );
};

export const flashIntoSpareSlot: Handler = async (session, row) => {
  const { app, folder } = requireProject(session);
  // what the window knows may be from before the last build
  const image = app === undefined ? undefined : await session.files.read(app.path);
  if (image === undefined) throw new OtaError('command.noImage', { path: folder });
  await onBoard(
    session,
    row,
    (name) => l10n.t('Flashing into the spare slot of {0}', name),
    async ({ address, chip, slots, signal, report, name }) => {
      const [{ flashIntoSpareSlot: flash }, { spareSlot }] = await Promise.all([
        import('../../ota/slots.ts'),
        import('../../ota/slot-rows.ts'),
      ]);
      const options = { ...(await session.flash.writeOptions()), onProgress: report };
      const startMs = performance.now();
      const spare = spareSlot(slots).partition.label;
      const done = await writingSlot(session, { address, chip, slots }, spare, () =>
        flash(chip, slots, image, options, signal),
      );
      session.slots.put(address, done.slots);
      session.slots.noteFlashed(address, {
        offset: done.slot.partition.offset,
        elfSha256: done.slot.description?.elfSha256,
      });
      const written = bytesText(done.written?.writtenBytes ?? 0);
      const took = durationText(performance.now() - startMs);
      void showInformationMessage(
        l10n.t(
          'Flashed {0} of {1} and read back: {2}, {3}. It boots now in place of {4}.',
          ...[slotTitle(done.slot), name, written, took],
          done.plan.nextBefore === undefined ? l10n.t('nothing') : slotTitle(done.plan.nextBefore),
        ),
      );
    },
  );
};
