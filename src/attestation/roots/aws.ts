import { fromBase64, type Bytes } from "../../protocol/bytes.js";

/**
 * AWS Nitro Enclaves root G1 (CN aws.nitro-enclaves, P-384, serial f93175681b90afe11d46ccb4e4e7f856, 2019-10-28 to 2049-10-28),
 * DER, SHA-256 641a0321a3e244efe456463195d606317ed7cdcc3c1756e09893f3c68f79bb5b, the value that AWS publishes.
 * Provenance: Dstack-TEE/dstack dstack/nsm-qvl/certs (Apache-2.0); the same bytes begin every captured bundle. Operators
 * compare it with https://aws-nitro-enclaves.amazonaws.com/AWS_NitroEnclaves_Root-G1.zip before production.
 */
export const AWS_NITRO_ROOT_G1: Bytes = fromBase64([
  "MIICETCCAZagAwIBAgIRAPkxdWgbkK/hHUbMtOTn+FYwCgYIKoZIzj0EAwMwSTELMAkGA1UEBhMCVVMxDzANBgNVBAoMBkFtYXpvbjEMMAoGA1UECwwD",
  "QVdTMRswGQYDVQQDDBJhd3Mubml0cm8tZW5jbGF2ZXMwHhcNMTkxMDI4MTMyODA1WhcNNDkxMDI4MTQyODA1WjBJMQswCQYDVQQGEwJVUzEPMA0GA1UE",
  "CgwGQW1hem9uMQwwCgYDVQQLDANBV1MxGzAZBgNVBAMMEmF3cy5uaXRyby1lbmNsYXZlczB2MBAGByqGSM49AgEGBSuBBAAiA2IABPwCVOumCMHzaHDi",
  "mtqQvkY4MpJzbolL//Zy2YlES1BR5TSksfbb48C8WBoyt7F2Bw7eEtaaP+ohG2bnUs990d0JX28TcPQXCEPZ3BABIeTPYwEoCWZEh8l5YoQwTcU/9KNC",
  "MEAwDwYDVR0TAQH/BAUwAwEB/zAdBgNVHQ4EFgQUkCW1DdkFR+eWw5b6cp3PmanfS5YwDgYDVR0PAQH/BAQDAgGGMAoGCCqGSM49BAMDA2kAMGYCMQCj",
  "fy+Rocm9Xue4YnwWmNJVA44fA0P5W2OpYow9OYCVRaEevL8uO1XYru5xtMPWrfMCMQCi85sWBbJwKKXdS6BptQFuZbT73o/gBh1qUxl/nNr12UO8Yfwr",
  "6wPLb+6NIwLz3/Y=",
].join(""));
