import { X509Certificate, type KeyObject } from 'node:crypto';

/** What of an X.509 certificate mbedTLS looks at when it judges a server. */
export interface Certificate {
  readonly der: Uint8Array;
  readonly version: 1 | 2 | 3;
  /** DER of the names, compared byte by byte. */
  readonly subject: Uint8Array;
  readonly issuer: Uint8Array;
  readonly commonNames: readonly string[];
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly publicKeyDer: Uint8Array;
  readonly publicKey: KeyObject;
  /** Undefined when the extension is not there at all. */
  readonly alternativeNames: { readonly dns: readonly string[]; readonly ip: readonly Uint8Array[] } | undefined;
  /** Bits as in the certificate, first bit (digitalSignature) highest; undefined when absent. */
  readonly keyUsage: number | undefined;
  readonly extendedKeyUsage: readonly string[] | undefined;
  readonly isCa: boolean;
  readonly signatureOid: string;
  readonly isSignedBy: (key: KeyObject) => boolean;
}

interface Node {
  readonly tag: number;
  readonly content: Uint8Array;
  readonly whole: Uint8Array;
}

function readNode(bytes: Uint8Array, at: number): Node | undefined {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined) return undefined;
  let length = first;
  let header = 2;
  if (first >= 0x80) {
    const count = first & 0x7f;
    if (count === 0 || count > 3) return undefined;
    length = 0;
    for (let index = 0; index < count; index++) length = length * 256 + (bytes[at + 2 + index] ?? 0);
    header += count;
  }
  const end = at + header + length;
  if (end > bytes.length) return undefined;
  return { tag, content: bytes.subarray(at + header, end), whole: bytes.subarray(at, end) };
}

function children(bytes: Uint8Array): readonly Node[] {
  const nodes: Node[] = [];
  for (let at = 0; at < bytes.length;) {
    const node = readNode(bytes, at);
    if (node === undefined) break;
    nodes.push(node);
    at += node.whole.length;
  }
  return nodes;
}

function oid(content: Uint8Array): string {
  const first = content[0] ?? 0;
  const parts = [Math.min(2, Math.floor(first / 40)), first >= 80 ? first - 80 : first % 40];
  let value = 0;
  for (const byte of content.subarray(1)) {
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) {
      parts.push(value);
      value = 0;
    }
  }
  return parts.join('.');
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

function commonNamesOf(name: Uint8Array): readonly string[] {
  const found: string[] = [];
  for (const set of children(readNode(name, 0)?.content ?? name)) {
    for (const attribute of children(set.content)) {
      const [type, value] = children(attribute.content);
      if (type !== undefined && value !== undefined && oid(type.content) === '2.5.4.3') found.push(text(value.content));
    }
  }
  return found;
}

type Extensions = ReadonlyMap<string, Uint8Array>;

function extensionsOf(tbs: readonly Node[]): Extensions {
  const found = new Map<string, Uint8Array>();
  const wrapper = tbs.find((node) => node.tag === 0xa3);
  const list = wrapper === undefined ? undefined : readNode(wrapper.content, 0);
  for (const extension of list === undefined ? [] : children(list.content)) {
    const parts = children(extension.content);
    const value = parts.at(-1);
    if (parts[0] !== undefined && value !== undefined) found.set(oid(parts[0].content), value.content);
  }
  return found;
}

function alternativeNames(value: Uint8Array | undefined): Certificate['alternativeNames'] {
  if (value === undefined) return undefined;
  const names = children(readNode(value, 0)?.content ?? new Uint8Array(0));
  return {
    dns: names.filter((name) => name.tag === 0x82).map((name) => text(name.content)),
    ip: names.filter((name) => name.tag === 0x87).map((name) => name.content),
  };
}

function keyUsage(value: Uint8Array | undefined): number | undefined {
  const bits = value === undefined ? undefined : readNode(value, 0);
  return bits === undefined ? undefined : (bits.content[1] ?? 0);
}

function extendedKeyUsage(value: Uint8Array | undefined): readonly string[] | undefined {
  if (value === undefined) return undefined;
  return children(readNode(value, 0)?.content ?? new Uint8Array(0)).map((node) => oid(node.content));
}

function isCa(value: Uint8Array | undefined): boolean {
  const flag = value === undefined ? undefined : children(readNode(value, 0)?.content ?? new Uint8Array(0))[0];
  return flag?.tag === 0x01 && (flag.content[0] ?? 0) !== 0;
}

/** Reads a DER certificate; undefined when it is none that Node's own parser and this one can read. */
export function readCertificate(der: Uint8Array): Certificate | undefined {
  let parsed: X509Certificate;
  let publicKey: KeyObject;
  try {
    parsed = new X509Certificate(der);
    publicKey = parsed.publicKey;
  } catch {
    return undefined;
  }
  const [tbsNode, algorithm] = children(readNode(der, 0)?.content ?? new Uint8Array(0));
  if (tbsNode === undefined || algorithm === undefined) return undefined;
  const tbs = children(tbsNode.content);
  const hasVersion = tbs[0]?.tag === 0xa0;
  const version = hasVersion ? (tbs[0]?.content.at(-1) ?? 0) + 1 : 1;
  const base = hasVersion ? 1 : 0;
  const [issuer, subject, key] = [tbs[base + 2], tbs[base + 4], tbs[base + 5]];
  const signature = children(algorithm.content)[0];
  if (issuer === undefined || subject === undefined || key === undefined || signature === undefined) return undefined;
  const extensions = extensionsOf(tbs);
  return {
    der,
    version: version >= 3 ? 3 : version === 2 ? 2 : 1,
    subject: subject.whole,
    issuer: issuer.whole,
    commonNames: commonNamesOf(subject.whole),
    notBeforeMs: Date.parse(parsed.validFrom),
    notAfterMs: Date.parse(parsed.validTo),
    publicKeyDer: key.whole,
    publicKey,
    alternativeNames: alternativeNames(extensions.get('2.5.29.17')),
    keyUsage: keyUsage(extensions.get('2.5.29.15')),
    extendedKeyUsage: extendedKeyUsage(extensions.get('2.5.29.37')),
    isCa: isCa(extensions.get('2.5.29.19')),
    signatureOid: oid(signature.content),
    isSignedBy: (candidate) => {
      try {
        return parsed.verify(candidate);
      } catch {
        return false;
      }
    },
  };
}

export function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0;
}
