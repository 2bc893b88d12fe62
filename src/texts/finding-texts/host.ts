import * as l10n from '@vscode/l10n';
import type { FindingTexts, IdsOf } from './finding-text.ts';

/** Where a firewall lets a program in, by operating system. */
function firewallText(platform: string, port: number): string {
  if (platform === 'win32')
    return l10n.t(
      'Windows: allow Visual Studio Code (node.exe) in private networks in Windows Defender Firewall, and set the network to private. Port {0}.',
      port,
    );
  if (platform === 'darwin')
    return l10n.t(
      'macOS: System Settings, Network, Firewall, Options: allow incoming connections for Visual Studio Code. Port {0}.',
      port,
    );
  return l10n.t('Linux: sudo ufw allow {0}/tcp, or sudo firewall-cmd --add-port={0}/tcp.', port);
}

export const hostTexts: FindingTexts<IdsOf<'host'>> = {
  'host-port-taken': ({ port }) => l10n.t('Another program has port {0}, so the server can’t start.', port),
  'host-loopback': ({ bindHost }) =>
    l10n.t(
      'The server listens on {0} only, where no board gets: set esp32Ota.server.bindAddress, or --bind on the command line, to 0.0.0.0.',
      bindHost,
    ),
  'host-several-addresses': ({ addresses, host }) =>
    l10n.t('This computer is in several networks ({0}). Boards are told {1}.', addresses, host),
  'host-address-changed': ({ host, expected }) =>
    l10n.t(
      'The image that was built asks {0}, the configuration says {1}: boards with that image find the server no more.',
      host,
      expected,
    ),
  'host-wsl': ({ address, port }) =>
    l10n.t(
      'Boards do not reach {0} inside WSL: set networkingMode=mirrored in .wslconfig, or forward port {1} in Windows (netsh interface portproxy) and advertise the address of Windows.',
      address,
      port,
    ),
  'host-container': ({ address, port }) =>
    l10n.t(
      'Boards do not reach {0} inside a container: publish port {1} and advertise the address of the computer around it (esp32Ota.server.advertisedHost, or --host on the command line).',
      address,
      port,
    ),
  'host-remote': ({ address }) =>
    l10n.t('The server runs on the remote computer: boards have to reach {0} there, not this one.', address),
  'host-no-request': ({ seconds, platform, port }) =>
    l10n.t(
      'A board began to download {0} seconds ago and did not get here: other network, isolated Wi-Fi clients, or a firewall. {1}',
      seconds,
      firewallText(platform, port),
    ),
};
