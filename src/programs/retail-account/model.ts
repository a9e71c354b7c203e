import { parseScorecard } from "../parse-scorecard.js";
import { characteristics } from "./features.js";

/** The model that a platform starts from: retail-account-v1, score 84..939, 600 = odds 10:1, 40 points double them. */
export const defaultModel = parseScorecard({ characteristics }, {
  model: "retail-account-v1",
  version: 1,
  base: 84,
  grades: [
    { grade: "A", min_score: 830 },
    { grade: "B", min_score: 740 },
    { grade: "C", min_score: 630 },
    { grade: "D", min_score: 84 },
  ],
  features: [
    { name: "lowpay_bp", edges: [140, 260, 720], points: [194, 98, 56, 0] },
    { name: "min_bal90_czk", edges: [110000, 120000], points: [0, 56, 115] },
    { name: "neg_cnt", edges: [1], points: [267, 0] },
    { name: "avg_bal_pay_pct", edges: [750, 1800], points: [0, 20, 55] },
    { name: "deb_cred_bp", edges: [8800], points: [33, 0] },
    { name: "cash_bp", edges: [7100, 10000], points: [27, 22, 0] },
    { name: "house_bp", edges: [240], points: [0, 39] },
    { name: "partners", edges: [1, 2], points: [0, 32, 36] },
    { name: "maxc_bp", edges: [660, 2300], points: [61, 35, 0] },
    { name: "age_days", edges: [200, 640], points: [0, 20, 25] },
    { name: "pay_czk", edges: [1800, 4900], points: [3, 2, 0] },
  ],
});
