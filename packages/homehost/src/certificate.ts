/**
 * The daemon's own certificate (spec homehost.md 6.6). Nobody vouches for it: clients know it by its fingerprint, so it never
 * expires and says nothing but the names under which this host may be called by a person with a browser or curl.
 */
import {generateKeyPairSync, randomBytes, sign, X509Certificate} from 'node:crypto';
import {hostname} from 'node:os';
import {ownAddress} from '@megatest/rpc';
import {AsnConvert, OctetString} from '@peculiar/asn1-schema';
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  Certificate,
  Extension,
  Extensions,
  GeneralName,
  id_ce_subjectAltName,
  Name,
  RelativeDistinguishedName,
  SubjectAlternativeName,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from '@peculiar/asn1-x509';

const ecdsaWithSha256 = '1.2.840.10045.4.3.2';
const commonName = '2.5.4.3';
/** "No well-defined expiration date" (RFC 5280 4.1.2.5). */
const never = new Date('9999-12-31T23:59:59Z');
/** Clocks of clients may be behind. */
const dayMs = 86_400_000;

export type CertificatePair = {readonly key: string; readonly certificate: string};

/** Both as PEM. */
export function makeCertificate(): CertificatePair {
  const {privateKey, publicKey} = generateKeyPairSync('ec', {namedCurve: 'P-256'});
  const algorithm = new AlgorithmIdentifier({algorithm: ecdsaWithSha256});
  const name = new Name([
    new RelativeDistinguishedName([
      new AttributeTypeAndValue({type: commonName, value: new AttributeValue({utf8String: 'megatest'})}),
    ]),
  ]);
  const alternatives = new SubjectAlternativeName([
    ...[...new Set(['localhost', hostname()])].map((dNSName) => new GeneralName({dNSName})),
    ...[...new Set(['127.0.0.1', ownAddress()])].map((iPAddress) => new GeneralName({iPAddress})),
  ]);
  const tbsCertificate = new TBSCertificate({
    version: Version.v3,
    serialNumber: toBuffer(makeSerialNumber()),
    signature: algorithm,
    issuer: name,
    validity: new Validity({notBefore: new Date(Date.now() - dayMs), notAfter: never}),
    subject: name,
    subjectPublicKeyInfo: AsnConvert.parse(
      publicKey.export({type: 'spki', format: 'der'}),
      SubjectPublicKeyInfo,
    ),
    extensions: new Extensions([
      new Extension({
        extnID: id_ce_subjectAltName,
        extnValue: new OctetString(AsnConvert.serialize(alternatives)),
      }),
    ]),
  });
  const signature = sign('sha256', Buffer.from(AsnConvert.serialize(tbsCertificate)), privateKey);
  const certificate = new Certificate({
    tbsCertificate,
    signatureAlgorithm: algorithm,
    signatureValue: toBuffer(signature),
  });
  return {
    key: privateKey.export({type: 'pkcs8', format: 'pem'}).toString(),
    certificate: new X509Certificate(Buffer.from(AsnConvert.serialize(certificate))).toString(),
  };
}

/** Positive, and never with a leading zero byte. */
function makeSerialNumber(): Buffer {
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  return serial;
}

function toBuffer(bytes: Buffer): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
