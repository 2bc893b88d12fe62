import { describe, expect, it } from 'vitest';
import {
  baudOf,
  isMonitorTerminal,
  portOf,
  portUseOfCommand,
  portUseOfTask,
  variantFor,
  withVariables,
} from '../../../src/editor/interop/idf-names.ts';
import { PortLoans } from '../../../src/editor/interop/port-loans.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { PortLeases } from '../../../src/serial/port-lease.ts';

const theirs = (name: string): ReturnType<typeof portUseOfTask> =>
  portUseOfTask({ type: 'esp-idf', source: 'espressif.esp-idf-extension', name, commandLine: '' });
const shell = (commandLine: string): ReturnType<typeof portUseOfTask> =>
  portUseOfTask({ type: 'shell', source: 'Workspace', name: 'Flash - Flash the device', commandLine });

describe('a task', () => {
  it('of the ESP-IDF extension needs the port when it flashes, erases or reads, and not when it builds', () => {
    for (const name of [
      'ESP-IDF Flash',
      'ESP-IDF Erase Flash',
      'ESP-IDF Erase flash',
      'ESP-IDF Monitor',
      'ESP-IDF Read eFuse',
    ])
      expect(theirs(name), name).toEqual({ port: undefined });
    for (const name of [
      'ESP-IDF Build',
      'ESP-IDF Size',
      'ESP-IDF Clean',
      'ESP-IDF CMake',
      'ESP-IDF Menuconfig',
      'ESP-IDF QEMU',
    ])
      expect(theirs(name), name).toBeUndefined();
  });

  it('of tasks.json needs the port that its command line names', () => {
    expect(shell('idf.py -p /dev/ttyUSB0 flash monitor')).toEqual({ port: '/dev/ttyUSB0' });
    expect(shell('python C:\\idf\\tools\\idf.py --port=COM7 app-flash')).toEqual({ port: 'COM7' });
    expect(shell('esptool.py --port "/dev/ttyACM1" erase_flash')).toEqual({ port: '/dev/ttyACM1' });
    expect(shell('${config:idf.pythonBinPath} idf.py -p ${config:idf.port} -b 460800 flash')).toEqual({
      port: undefined,
    });
  });

  it('of somebody else is left alone', () => {
    for (const line of [
      'npm run flash',
      'idf.py build',
      'idf.py size',
      'idf.py -p /dev/ttyUSB0 reconfigure',
      'echo monitor',
      '',
    ])
      expect(shell(line), line).toBeUndefined();
  });
});

describe('a terminal', () => {
  it('of the ESP-IDF monitor is known by its name', () => {
    for (const name of ['ESP-IDF Monitor', 'ESP-IDF Monitor ', 'ESP-IDF Monitor (--ws enabled)'])
      expect(isMonitorTerminal(name), name).toBe(true);
    for (const name of ['bash', 'Monitor: /dev/ttyUSB0', 'ESP-IDF Terminal', 'ESP-IDF Monitoring'])
      expect(isMonitorTerminal(name), name).toBe(false);
  });

  it('in which a monitor is started needs the port', () => {
    expect(portUseOfCommand('"python" "/opt/idf/tools/idf_monitor.py" -p /dev/ttyUSB0 -b 115200 app.elf')).toEqual({
      port: '/dev/ttyUSB0',
    });
    expect(portUseOfCommand('idf.py monitor')).toEqual({ port: undefined });
    expect(portUseOfCommand('export IDF_PATH="/opt/idf"')).toBeUndefined();
  });
});

describe('a setting of the ESP-IDF extension', () => {
  it('for a port is one, or that the extension looks for it', () => {
    expect(portOf('/dev/ttyUSB0')).toBe('/dev/ttyUSB0');
    for (const none of ['detect', 'Detect', '', '  ', undefined]) expect(portOf(none)).toBeUndefined();
  });

  it('for a rate is a number in a text', () => {
    expect(baudOf('460800')).toBe(460_800);
    expect(baudOf(115_200)).toBe(115_200);
    for (const none of ['', 'fast', '12', '99999999', '0x10', null, true]) expect(baudOf(none)).toBeUndefined();
  });

  it('has a variant for Windows, which counts there when the other is of another system or not set', () => {
    expect(variantFor('linux', '/dev/ttyUSB0', 'COM3')).toBe('/dev/ttyUSB0');
    expect(variantFor('win32', '/dev/ttyUSB0', 'COM3')).toBe('COM3');
    expect(variantFor('win32', 'COM5', 'COM3')).toBe('COM5');
    expect(variantFor('win32', undefined, 'COM3')).toBe('COM3');
    expect(variantFor('darwin', undefined, 'COM3')).toBeUndefined();
  });

  it('has its variables replaced, and does not count with one that nobody knows', () => {
    const known = {
      workspaceFolder: '/projects/blink',
      userHome: '/home/user',
      environment: { IDF_PATH: '/opt/idf', EMPTY: '' },
    };
    expect(withVariables('${workspaceFolder}/build', known)).toBe('/projects/blink/build');
    expect(withVariables('${env:IDF_PATH}', known)).toBe('/opt/idf');
    expect(withVariables('${userHome}/esp', known)).toBe('/home/user/esp');
    for (const text of ['${env:NONE}/x', '${env:EMPTY}', '${config:idf.port}', '', ' '])
      expect(withVariables(text, known), text).toBeUndefined();
  });
});

describe('a loan of a port', () => {
  const PORT = 'virtual://board';

  async function monitored(): Promise<{ leases: PortLeases; told: string[]; loans: PortLoans }> {
    const leases = new PortLeases();
    const told: string[] = [];
    await leases.acquire(PORT, {
      holder: 'monitor',
      onYield: (to) => {
        told.push(`yielded to ${to}`);
        return Promise.resolve();
      },
      onResume: () => {
        told.push('resumed');
      },
    });
    const loans = new PortLoans({ leases: () => Promise.resolve(leases), monitored: () => [PORT], log: silentLogger });
    return { leases, told, loans };
  }

  it('takes it from the monitor until it ends', async () => {
    const { leases, told, loans } = await monitored();
    const key = {};
    await loans.begin(key, PORT);
    expect(await leases.holderOf(PORT)).toBe('ESP-IDF');
    await loans.end(key);
    expect(told).toEqual(['yielded to ESP-IDF', 'resumed']);
    expect(await leases.holderOf(PORT)).toBe('monitor');
  });

  it('of no port in particular is of every monitored one', async () => {
    const { leases, loans } = await monitored();
    await loans.begin({}, undefined);
    expect(await leases.holderOf(PORT)).toBe('ESP-IDF');
    loans.dispose();
    await expect.poll(() => leases.holderOf(PORT)).toBe('monitor');
  });

  it('of a port that no monitor has changes nothing', async () => {
    const { leases, told, loans } = await monitored();
    await loans.begin({}, 'virtual://other');
    expect(await leases.holderOf('virtual://other')).toBeUndefined();
    expect(told).toEqual([]);
  });

  it('never interrupts what is being flashed', async () => {
    const { leases, loans } = await monitored();
    const flash = await leases.acquire(PORT, { holder: 'Flashing' });
    const key = {};
    await loans.begin(key, PORT);
    expect(await leases.holderOf(PORT)).toBe('Flashing');
    await loans.end(key);
    expect(flash.isHeld).toBe(true);
  });

  it('that ends while it begins is given back', async () => {
    const { leases, loans } = await monitored();
    const key = {};
    const beginning = loans.begin(key, PORT);
    const ending = loans.end(key);
    await Promise.all([beginning, ending]);
    expect(await leases.holderOf(PORT)).toBe('monitor');
  });

  it('is ours again as soon as we want it', async () => {
    const { leases, loans } = await monitored();
    await loans.begin({}, PORT);
    const flash = await leases.acquire(PORT, { holder: 'Flashing' });
    expect(flash.isHeld).toBe(true);
  });
});
