"""An invented bank: account packages, credit cards, accounts of companies, and what is sold besides. Prices with tax, in fen.

A bill of the bank is the monthly statement of its fees and interest; what customers own or have drawn is in `balances`.
"""

from typing import Final

from pipelines.sample.industries.industry import Industry, Measure, Product

# People pay and shop most before the Spring Festival and around the sales of November.
_PAYING: Final = (1.16, 0.94, 0.95, 0.96, 0.99, 1.01, 0.98, 0.98, 0.99, 1.0, 1.05, 0.99)
_SHOPPING: Final = (1.22, 0.9, 0.9, 0.92, 0.97, 1.05, 0.96, 0.96, 0.98, 1.02, 1.14, 0.98)

# Financial services are taxed at 6 %, goods at 13 %. Nobody of the sample holds P012 (withdrawn) or P090 (new).
_PRODUCTS: Final = (
    Product("P003", "惠民账户", "Account basic", "account", 300, 6, 60, "2005-01-01"),
    Product("P008", "畅行账户", "Account classic", "account", 800, 6, 52, "2005-01-01"),
    Product("P012", "金桂账户", "Account Osmanthus", "account", 1_200, 6, 55, "2005-01-01", "2025-12-31"),
    Product("P015", "优享账户", "Account plus", "account", 1_500, 6, 48, "2006-01-01"),
    Product("P025", "金卡账户", "Account gold", "account", 2_500, 6, 45, "2006-01-01"),
    Product("P040", "白金账户", "Account platinum", "account", 4_000, 6, 42, "2007-06-01"),
    Product("P060", "私享账户", "Account private", "account", 6_000, 6, 40, "2008-01-01"),
    Product("P090", "尊礼账户", "Account prestige", "account", 9_000, 6, 40, "2026-02-01"),
    Product("C006", "标准信用卡", "Credit card standard", "card", 600, 6, 45, "2006-01-01"),
    Product("C010", "金卡信用卡", "Credit card gold", "card", 1_000, 6, 43, "2006-01-01"),
    Product("C020", "旅行信用卡", "Credit card travel", "card", 2_000, 6, 48, "2008-01-01"),
    Product("C035", "白金信用卡", "Credit card platinum", "card", 3_500, 6, 46, "2008-01-01"),
    Product("C060", "黑曜信用卡", "Credit card obsidian", "card", 6_000, 6, 44, "2009-01-01"),
    Product("O030", "小微账户", "Business account small", "office", 3_000, 6, 50, "2005-01-01"),
    Product("O060", "企业账户", "Business account", "office", 6_000, 6, 48, "2005-01-01"),
    Product("O100", "企业账户增强版", "Business account plus", "office", 10_000, 6, 46, "2006-01-01"),
    Product("O160", "企业结算账户", "Settlement account", "office", 16_000, 6, 44, "2006-01-01"),
    Product("O260", "现金管理账户", "Cash management", "office", 26_000, 6, 42, "2008-01-01"),
    Product("O400", "集团资金账户", "Treasury account", "office", 40_000, 6, 40, "2008-01-01"),
    Product("A004", "短信提醒", "Message alerts", "add_on", 400, 6, 15, "2005-01-01"),
    Product("A025", "账户安全险", "Account insurance", "insurance", 2_500, 6, 55, "2007-01-01"),
    Product("A050", "保管箱", "Safe deposit box", "add_on", 5_000, 6, 35, "2005-01-01"),
    Product("A045", "意外险", "Accident insurance", "insurance", 4_500, 6, 60, "2007-01-01"),
    Product("A060", "理财顾问", "Wealth advice", "wealth", 6_000, 6, 50, "2008-01-01"),
    Product("A120", "消费贷款利息", "Consumer loan interest", "loan", 12_000, 6, 45, "2006-01-01"),
    Product("E080", "代发工资", "Payroll service", "office", 8_000, 6, 40, "2006-01-01"),
    Product("E150", "收单终端服务", "Card acceptance", "office", 15_000, 6, 55, "2007-01-01"),
    Product("E300", "外汇结算", "Foreign exchange desk", "office", 30_000, 6, 42, "2006-01-01"),
    Product("E900", "经营贷款利息", "Business loan interest", "loan", 90_000, 6, 50, "2006-01-01"),
    Product("U001", "交易手续费", "Transaction fees", "usage", 50, 6, 30, "2005-01-01"),
    Product("U002", "分期手续费", "Instalment fees", "usage", 1, 6, 40, "2006-01-01"),
    Product("S001", "开户服务", "Account opening", "service", 2_000, 6, 70, "2005-01-01", is_once=True),
    Product("F001", "滞纳金", "Late fee", "service", 1_000, 6, 0, "2005-01-01", is_once=True),
    Product("G001", "服务补偿", "Goodwill credit", "service", 0, 6, 0, "2005-01-01", is_once=True),
    Product("D001", "安全令牌", "Security token", "device", 5_800, 13, 70, "2005-01-01", is_once=True),
    Product("D002", "资信证明", "Certificate of deposit", "service", 2_000, 6, 30, "2005-01-01", is_once=True),
    Product("D003", "卡片加急补发", "Urgent card replacement", "card", 3_500, 6, 45, "2006-01-01", is_once=True),
    Product("D004", "纪念银章", "Silver medal", "device", 11_800, 13, 80, "2006-01-01", is_once=True),
)

BANK: Final = Industry(
    name="bank",
    products=_PRODUCTS,
    plans=("P003", "P008", "P015", "P025", "P040", "P060"),
    second_plans=("C006", "C010", "C020", "C035", "C060"),
    office_plans=("O030", "O060", "O100", "O160", "O260", "O400"),
    plan_bounds=(0.8, 1.4, 2.0, 2.8, 4.5),
    add_ons=("A004", "A025", "A050", "A045", "A060", "A120"),
    office_add_ons=("E080", "E150", "E300", "E080", "E150", "E900"),
    dearer=(("P008", 0.38, 1_000), ("C010", 0.58, 1_200), ("O060", 0.75, 6_800)),
    late_fee="F001",
    installation="S001",
    credit="G001",
    one_offs=("D002", "D001", "D003", "D004"),
    measures=(
        # 0.50 yuan a transaction beyond the package; 1 % on the part of the spending (in yuan) that is paid off in instalments.
        Measure("transactions", "transaction", 40.0, 5_000, 75, "U001", _PAYING),
        Measure("card_spend", "CNY", 2_400.0, 100, 65, "U002", _SHOPPING, is_of_second=True, decimals=2),
    ),
    second_share=34,
    prepaid_share=0,
    contract_share=25,
    contract_months=12,
    deposit_share=12,
    deposit=50_000,
    top_tier_bill=15_000,
    base_hazard=0.0024,
    mood_hazard=0.24,
    outage_rate=0.10,
    outage_hits=0.30,
    wrong_bill_rate=0.009,
    long_wait_rate=0.014,
    broken_promise_rate=0.006,
    poor_service_rate=0.009,
    categories=("app", "fees", "waiting", "commitment", "service"),
    departments=("digital operations", "account services", "branch network", "lending", "customer care"),
    competitors=("青穗银行", "云屿银行", "北溟银行"),
    has_port_out=True,
    balance_types=("assets", "credit_used"),
)
