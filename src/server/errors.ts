declare module '../base/ota-error.ts' {
  interface OtaErrorDetails {
    /** Another program listens there. Never answered by taking another port: firmware has the URL built in. */
    'server.portInUse': { port: number };
    /** The system lets only an administrator listen there, or, from 1024 on, nobody: it keeps the port for itself. */
    'server.portForbidden': { port: number };
    /** The bind address is not one of this computer's, or its name has no address. */
    'server.addressUnavailable': { host: string };
    /** Listening failed for another reason; `reason` is the system's code. */
    'server.listenFailed': { port: number; reason: string };
    /** HTTPS was asked for without a certificate and key, or with a pair that TLS does not take. */
    'server.credentialsInvalid': { reason: string };
    /** Two projects want to serve different images under one file name. Serve one of them under another name. */
    'server.nameTaken': { name: string; project: string; heldByProject: string };
    /** A file name that cannot be one segment of a URL path, or is one of the server's own. */
    'server.nameInvalid': { name: string };
    /** There are no bytes to serve. */
    'server.releaseEmpty': { name: string };
    /** The fault has no such parameter (`range` is empty then, and for a text that is too long), or it does not take this value. */
    'server.faultParameter': { fault: string; parameter: string; range: string };
    /** The fault is one of TLS, and the server speaks plain HTTP. */
    'server.faultNeedsHttps': { fault: string };
    /** The fault needs a certificate by the authority that firmware trusts, and its key is not ours (or there is no authority). */
    'server.faultNeedsAuthority': { fault: string };
    /** No certificate in PEM form is in there; `path` is empty when the text did not come from a file. */
    'certificate.unreadable': { path: string };
    /** The file named in the settings does not exist. */
    'certificate.missing': { path: string };
    /** No private key in PEM form is in there. */
    'certificate.keyUnreadable': { path: string };
    /** The private key is protected by a passphrase, which the server has no way to ask for. */
    'certificate.keyEncrypted': { path: string };
    /** The key is not the certificate's. */
    'certificate.keyMismatch': { certificatePath: string; keyPath: string };
    /** A private key lies where the certificate of the authority should go. */
    'certificate.placeOfKey': { path: string };
    /** Milliseconds since 1970. */
    'certificate.expired': { path: string; validToMs: number };
    'certificate.notYetValid': { path: string; validFromMs: number };
    /** The user's authority is damaged or expired. It is not replaced by itself: firmware in the field trusts it. */
    'certificate.authorityUnusable': { path: string; reason: 'unreadable' | 'keyMismatch' | 'expired' };
  }
}

export {};
