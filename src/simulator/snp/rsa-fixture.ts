// The primes of the simulator's RSA keys, as derivePrimes() finds them from the two public seeds (a test holds them to their
// seeds), so that nobody waits for the search. PUBLIC BY DESIGN: these keys protect nothing, they are what makes simulated
// evidence simulated.
import { fromBase64 } from "../../protocol/bytes.js";
import type { RsaPrimes } from "../rsa-key.js";

const primes = (p: string, q: string): RsaPrimes => ({ p: fromBase64(p), q: fromBase64(q) });

/** By role, of PUBLIC_SIM_SEED. */
export const PUBLIC_PRIMES = {
  ark: primes(
    "5FLWfZVXGCbMNW2cp6bY/dB4he6VZEIlEcDlR86uq2y8b43WrKYlF8w2JIUMqYvLgXO0X+GEe6eXRhJ3iO+5yzbboYrUtnap5/Qz90V5/Iy7STZpxxfn" +
    "j7RXN/TW7qtDmtlfrvsNmbBS9r8WlCpBfhlU5dxQG0kzQlDDBWO1cwYfyIO/vIOg/t63lTwmoXwOYyyn9ZWeAXbLf3m+NFvYsGbHqVC3tmcaNJiBA6Wk" +
    "DF0sOL11pcX/DGAz3nnzVnb9DtCbK18KD4cFV2PzjbxYnRd/5xespQ474YfM5F3yZtWuRnFKA6XEHT5RPwWldlbB0x8ofW980ewZxdMPZlofVw==",
    "65re9Xc6tspdtx+aIv2CGxVcUYXAZaQZ8Y41JSC3VlANXnvYjMm4KIu3m5r95DSLDJF/VesY/Eus7FAUdWPx50TnTXTCiqunKEsMlDXTBzJSHcYiuMJ1" +
    "djd8tAMTPmTL9uJpjr49z2HPdCo+Eyq1EmJclPQNn+dBlo6ILq2tTDPd9bRPPGecjvGS4CcuHeePJgiBb+qQY+PvpZ8fKc1tvus9UxYZAAkU2tp6quQ+" +
    "Qv3jsTh0jfiI9m0fUnIS4/+UOp85dfpVkeBwbwfkeF1/tJA/OgQyjq5G4oL51Ob0Lc0Frb0fBDUNDp4ofOwGZFHsxTOnAzkBCo7GgzesQDK5+Q==",
  ),
  ask: primes(
    "x83cSBt0YlaxVrHvSTtsIdbf3iGB10VdyDBjWWmm3BYc4TlmzMxbnKWVkfoV+jDO4dFKcf7aBAew97WKyMG/TvMRjOYNO8aUlOH/xQuPH0+47b07YaoH" +
    "pJsshAeh9QOi6X4kFP/ylI9F3Y21eqrFvcoO+Li23AHXxNiO39k7Y4L6q21IwI+1b/xZWATjnQ06tZVYTzTToeee0PyTY9mjxhfVqd8TVMXEaGj22gjF" +
    "o/9EtUGokvzvYoCKfXM8yd0XmscWNew339WKh7UC9ChH22ocorp2+O7is9htDKZQLGzI70L5Q3tWQTiXxVUjh7HRSd8JRL10AaTI5JJSyMly5Q==",
    "5+RQ79sMVGEDYIuZx6FEPrtPgYYYJ8TWWA2Tjj3Q38uXCKyS4E2AIhOKfBtrOYbeCboPmPrMVk1znYkL+Iw49La2nUnGNX2ucnvD4J3NdCKutnlrPN2D" +
    "yUHrm3AUjdC4f0rH3WZ9bjd3n+8eEtATAs2H+RdEBEmaevBCJgORMuW4Y3FB3Tc98J2hdy7+4mwBnurLCFoo9ar1FAw5x6TPmmYe4v9o3lomKX8khBc2" +
    "KoLuZ+STVNoIIJnDGi+yi1CUEFw5i3wFnFEtbYDq2gnpo6xWy1vCJpu23GimbxnFfKjWq/P3IwrO9Zcz7p0+k+hjdkAmKktHCXUnkoxTdiP+2w==",
  ),
  asvk: primes(
    "x1l/pFyxjbSgDbMHHVxavE5+Vw2l0RA5i0M8Wd4ec6Rp4JlQpEj1rK+dtfMhkAeuLHkBhnShXcCB14KSc/DR7zngAZ8XiIJHYVJnYmpGeyUZXn2a1gVt" +
    "lSowHBkBId5sU6x6mo0WElMFPaKmk65WjQSl4QMGaFyIjOfxbeIDtI9+MqCT7zkH4QZWf1W6t930RxpawqBLlHWAvKn6aXSUtSgwsgM+hrdgviz4FaNL" +
    "WMhSVaOzg0tZ4pCaNc0Uu4+93+A/aNHvynamvHt2KjRV05X54l63BVnCSUZwZFp/gidh9FA55VRBgi/lO6DcNcIR3iL3xfM+BTf6MdcOB9virw==",
    "0NGmv5Euqmm7pQv4tFcJb2FDlr+1QZxD6nlCNhYpZyUl2zn+uY1uCe03gFIr+W7PYpbTGAzvXjF5TzwyA5pWpQLdFk7X7IW1d8oqNJuljAp84wnUO3iK" +
    "z87X3K1ZZ54X4+AoxpH9V9V1eH/tHSjaFADg2otMqTSE9oCV9EdTMNYBP3cQVRCVKvlnepUVkQv0w6QIbfnR6cSMfUCDUCY4skyyaBG7hMw00jbLA45x" +
    "bBk/AgxkDMbdz6VoBPzvM2jJyry2UZryfGEEVdeD/pi+QjsQdFkwywp+JcFM9nrZ/qNz7t5mR/YNqDJUqcQ9wmbRqhons2YHwB3jKfQD/GUkPw==",
  ),
} as const;

/** By role, of FOREIGN_SIM_SEED. */
export const FOREIGN_PRIMES = {
  ark: primes(
    "63WENvSAtHu058yWXUk3P888BXE8sowUKH3ljQH4GUobjdKMkYTB4iD7JsyKuIjDjun+yEDCYySGMCWsUkyi6L+UXsXI/1OEx52pd2m11R5AXFL4ieng" +
    "iTJwJhVVnp4kRZL5XsP+PgNZVj2fjNMqeJvGHhJRYbdJfFQCeTIuZZ/Z4QR6AngU0pCzZXik6XQJ1j5LfxgFMJYyVPLs9J6TL8WQWAow+kBMjCZ4wC+G" +
    "D/dTVo6ECxOkZuNMZxx8jdlSaVbC3cCf5Dtn6lI+ru6AHTTxWxXNwX2CDS/VBpzYCNOpxq2W6OByALa68PTSwLP3S+vW+PN/9l/S8Bzazi0JtQ==",
    "5ApG68TuYBtYnQsNyJy0wHcG81yXhVGHQcXcnvrtqlqVDmTgqEC55Lzd3hjYjjNkHezRtA1Z+1S8mPq9Own6jTpRvGqHuJl9nyWhCVrwpKNiq+XnxokU" +
    "INHv/dwV+owF3O2sOF5QeHJqTqsljPfvM/K/4oosDn48ccXPUzPHcvU1H0zjnXQwVYxI8bsuxle6qbcDup8YoiA1zgPg5AW9kBtpNCh6jEUoL1oxpaBu" +
    "SLKXUDbVb2thHHwc4wXvd/7qhZnSUiNcZHntlwCEQEBUPYeWZw0Wuc8UHfgeuW6GHyTRRxucz8Z6AQHHT/F/kAxcKhfigg/0n5ZyidmN0dUxIw==",
  ),
  ask: primes(
    "7mo5sVL64ZMsdhLoHxL9QQQTF51NtZDRivhUEmEBT/afsffS+7q9i2DdF4cA8EGDPJtpryENYiBPtXFTYVjufcAzmQACdHXRnCU7IQNylHMkl8c8zEym" +
    "W3Qp0UTgMLJujhI0Tmgmv/7uulxZpcKqedH+CVYWEIR3T2hcekdtAvRr9l0leUPucysc3TCB8in7P5M7My45jpXZilagBz27Jyd8m5+PE/hREb/s362e" +
    "u6ZulySrEcbB5Xwri2idAerdrCQOiNddyGR0fH7FIZu4TXczbuBPvofMLk61Rbv1O8XOEDzQ7N/OfU8OO6Hr5djTTB5VfoQ400BDf7Jdc4qp/Q==",
    "9sDp7aVJ32uN9xpEGzwP7BpZkw7cda2wvN+8rHvUFXjLUEvUsBICkes7IQnSUBL6mcgr28wwd40z8+/To0KQsN/u5AeaN422snZfqbuh0ZJ68xMQqeGr" +
    "ejP4I3OB9tlocHAg4AfJSTH/Kq/jw9rED3N8iaZrQhMBMYl5J5tz2K0fc/xBJ7fQ/IUSOqywoCRT+3gN7lYWNOqgu36IdzFuYs0tX8monsTB2SBwjvLb" +
    "iGPpqAQUQPqluCbWPF3mfEberDv4VuvAo0qzdAQtKmOFlc4H8Wq2CIhKshtV0xdv++++oPKVQmekJ1r5D/F9vX75DtHmtuw58d/GLvgy+Zimkw==",
  ),
  asvk: primes(
    "/9ckS4LaLNAoaw7guLsGjZ8O30obp0Li/EVvh/c4MbVcpo2XVbxfmciyNkKJS+Gwkm0GSpscyqQkqVcyPLQll3ccwsKb9iHqUcNgakhtTUC8Sji45kql" +
    "6Ijmf7If2rgixd5vO6pg8rA1neOx5/zjXOupKL4JVIhr4BvyyJq9hbKceTXvgTE2VsJVRKRvQHv8Rw9CaOclz1c7MdQ3vVWDsA1AXO5a4ymyWfrZXKDF" +
    "oE6oNha+ykEPZG+cc8HKcZgLLiKQL1AK6r+hdcvQ5bmDwsIqbgjqYZEXWFPGExqE1URlfcVxvklfgf0FHwngRu/gyi4YksHtCp94f8+IxGwb6w==",
    "/MPYtWYaNz6n9ZgC95jYE0a+Evgb8TkIcfYn9bw6PcozCBBYvRDDX+05CIFm9OxlUj9xIkeJEF1GLnO+8IOmz7jvea20ucZ0Ro7vRr+FUbXrPXpmXUmc" +
    "vnTqmBWF1n0QtQdKrdLZ16/cglwKg2wHUim59ik+lM3gJ+2Hbo+vh1GUzamkUHutabhReUIFR41pDALdKNrwhWmg845/axlaQi7e+nYtBYTQxUvWFirA" +
    "djGY/20TcX7UqGi3QH9oHE9Zq3+7AFO1/PJwIc4L5kNe77mRAB5ph1KJWXZMFgwhJ3hEMUQ87W+vDqOy3At0eupAPUNVWWb8QTG3UiE/oJUIrQ==",
  ),
} as const;
