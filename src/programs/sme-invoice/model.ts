import { parseScorecard } from "../parse-scorecard.js";
import { characteristics } from "./features.js";

/** The model that a platform starts from: sme-invoice-v1, score 241..918, 600 = odds 10:1, 40 points double them. */
export const defaultModel = parseScorecard({ characteristics }, {
  model: "sme-invoice-v1",
  version: 1,
  base: 241,
  grades: [
    { grade: "A", min_score: 750 },
    { grade: "B", min_score: 680 },
    { grade: "C", min_score: 550 },
    { grade: "D", min_score: 241 },
  ],
  features: [
    { name: "sales36_wan", edges: [130, 380, 4600], points: [0, 92, 134, 190] },
    { name: "max_month_bp", edges: [1500, 2400], points: [64, 25, 0] },
    { name: "void_out_bp", edges: [1400, 3100], points: [67, 61, 0] },
    { name: "top1_cust_bp", edges: [1600, 4200], points: [108, 44, 0] },
    { name: "n_supp", edges: [26, 120], points: [0, 18, 76] },
    { name: "avg_ticket_yuan", edges: [6800, 61000], points: [0, 23, 42] },
    { name: "margin_pos_m", edges: [18, 28], points: [0, 67, 126] },
    { name: "growth_pct", edges: [49, 83], points: [0, 3, 4] },
  ],
});
