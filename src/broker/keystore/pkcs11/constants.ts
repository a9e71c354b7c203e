// Numbers of PKCS #11 v2.40 (OASIS, pkcs11t.h), as far as they are used here.

export const CKR = {
  ok: 0x0, attributeSensitive: 0x11, deviceError: 0x30, deviceRemoved: 0x32, objectHandleInvalid: 0x82,
  pinIncorrect: 0xa0, pinInvalid: 0xa1, pinLenRange: 0xa2, pinLocked: 0xa4, sessionClosed: 0xb0, sessionHandleInvalid: 0xb3,
  encryptedDataInvalid: 0x40, encryptedDataLenRange: 0x41, aeadDecryptFailed: 0x42, generalError: 0x5,
  tokenNotPresent: 0xe0, tokenNotRecognized: 0xe1, userAlreadyLoggedIn: 0x100, userNotLoggedIn: 0x101,
  cryptokiNotInitialized: 0x190, cryptokiAlreadyInitialized: 0x191,
} as const;

/** After these a new session may do what the old one could not. */
export const SESSION_LOST: readonly number[] = [
  CKR.sessionClosed, CKR.sessionHandleInvalid, CKR.userNotLoggedIn, CKR.deviceRemoved, CKR.tokenNotPresent, CKR.deviceError, CKR.cryptokiNotInitialized,
];
export const PIN_REFUSED: readonly number[] = [CKR.pinIncorrect, CKR.pinInvalid, CKR.pinLenRange];

export const CKA = {
  class: 0x0, token: 0x1, private: 0x2, label: 0x3, value: 0x11, keyType: 0x100, id: 0x102, sensitive: 0x103, encrypt: 0x104, decrypt: 0x105,
  wrap: 0x106, unwrap: 0x107, valueLen: 0x161, extractable: 0x162, neverExtractable: 0x164, alwaysSensitive: 0x165,
} as const;

export const CKO_SECRET_KEY = 0x4;
export const CKK_AES = 0x1f;
export const CKM_AES_KEY_GEN = 0x1080;
export const CKM_AES_GCM = 0x1087;
export const CKF_RW_SESSION = 0x2;
export const CKF_SERIAL_SESSION = 0x4;
export const CKU_USER = 0x1;
/** Of CK_TOKEN_INFO.flags: C_InitToken has been called. */
export const CKF_TOKEN_INITIALIZED = 0x400;
