import * as l10n from '@vscode/l10n';
import type { FindingTexts, IdsOf } from './finding-text.ts';

function protocolName(scheme: string): string {
  return scheme === 'https' ? 'HTTPS' : 'HTTP';
}

/** Of the URL, and of what may be asked for without a certificate. */
export const networkTexts: FindingTexts<IdsOf<'url'> | IdsOf<'http'>> = {
  'url-placeholder': ({ url }) =>
    url === ''
      ? l10n.t('The firmware URL is empty.')
      : l10n.t('The firmware URL {0} is still the placeholder of the example.', url),
  'url-invalid': ({ url }) =>
    l10n.t('{0} is not a URL that firmware can download from: it needs https:// and a host.', url),
  'url-too-long': ({ length, most }) =>
    l10n.t('The firmware URL has {0} characters, but the examples keep only {1}.', length, most),
  'url-ipv6-brackets': ({ host }) =>
    l10n.t('An IPv6 address in a URL needs brackets: [{0}]. Without them its end is read as a port.', host),
  'url-localhost': ({ host }) =>
    l10n.t('{0} is the board itself when a board asks: only the virtual board reaches this computer under it.', host),
  'url-other-host': ({ host, expected, isPrivate }) =>
    isPrivate
      ? l10n.t('The firmware URL leads to {0}, which is not this computer ({1}).', host, expected)
      : l10n.t('The firmware URL leads to {0}: updates come from there, not from this computer.', host),
  'url-port': ({ port, expected, isOn }) =>
    isOn
      ? l10n.t('The firmware URL asks at port {0}, but the server is at port {1}.', port, expected)
      : l10n.t('The firmware URL asks at port {0}, but the server is set to port {1}.', port, expected),
  'url-scheme': ({ scheme, expected, isOn }) =>
    isOn
      ? l10n.t('The firmware URL uses {0}, but the server speaks {1}.', protocolName(scheme), protocolName(expected))
      : l10n.t(
          'The firmware URL uses {0}, but the server is set to {1}.',
          protocolName(scheme),
          protocolName(expected),
        ),
  'url-file': ({ file, expected, isOn }) =>
    isOn
      ? l10n.t('The firmware URL asks for {0}, which the server does not have: it serves {1}.', file, expected)
      : l10n.t('The firmware URL asks for {0}; this project’s image would be served as {1}.', file, expected),
  'http-not-allowed': ({ option, hasCertificate }) =>
    hasCertificate
      ? l10n.t(
          'The firmware URL is plain HTTP and {0} is off: it works only as long as the code passes a certificate anyway.',
          option,
        )
      : l10n.t('The firmware URL is plain HTTP, but {0} is off: esp_https_ota refuses to begin.', option),
  'http-option-name': ({ option, expected, idf }) =>
    l10n.t('ESP-IDF {0} does not know {1}; there it is called {2}.', idf, option, expected),
  'http-no-verification': ({ hasBundle }) =>
    hasBundle
      ? l10n.t(
          'The firmware embeds no certificate and does not attach the certificate bundle: esp_https_ota refuses to begin.',
        )
      : l10n.t('The firmware has neither a certificate nor the certificate bundle: esp_https_ota refuses to begin.'),
};
