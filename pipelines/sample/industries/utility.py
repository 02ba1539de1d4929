"""An invented city utility: electricity and gas for homes, gas heating, three-phase power for companies. Prices with tax, in fen.

A home's first account meters electricity and the gas of its kitchen; the second account is the gas meter of its heating.
"""

from typing import Final

from pipelines.sample.industries.industry import Industry, Measure, Product

# Electricity heats in winter and cools in summer; gas heats in winter.
_POWER: Final = (1.3, 1.2, 0.85, 0.75, 0.75, 0.95, 1.3, 1.35, 0.95, 0.75, 0.8, 1.05)
_GAS: Final = (1.9, 1.8, 1.3, 0.8, 0.6, 0.5, 0.45, 0.45, 0.5, 0.7, 1.2, 1.8)

# Electricity and goods are taxed at 13 %, gas at 9 %, services at 6 %. Nobody of the sample holds H030 (withdrawn) or H160 (new).
_PRODUCTS: Final = (
    Product("H020", "居民接入2kW", "Home connection 2 kW", "electricity", 600, 13, 55, "2003-01-01"),
    Product("H030", "居民接入3kW", "Home connection 3 kW", "electricity", 750, 13, 56, "2003-01-01", "2025-12-31"),
    Product("H040", "居民接入4kW", "Home connection 4 kW", "electricity", 900, 13, 53, "2003-01-01"),
    Product("H060", "居民接入6kW", "Home connection 6 kW", "electricity", 1_300, 13, 52, "2003-01-01"),
    Product("H080", "居民接入8kW", "Home connection 8 kW", "electricity", 1_800, 13, 51, "2003-01-01"),
    Product("H100", "居民接入10kW", "Home connection 10 kW", "electricity", 2_600, 13, 50, "2005-01-01"),
    Product("H120", "居民接入12kW", "Home connection 12 kW", "electricity", 3_800, 13, 50, "2005-01-01"),
    Product("H160", "居民接入16kW", "Home connection 16 kW", "electricity", 5_600, 13, 50, "2026-02-01"),
    Product("R025", "燃气采暖G2.5", "Gas heating G2.5", "gas", 900, 9, 50, "2004-01-01"),
    Product("R040", "燃气采暖G4", "Gas heating G4", "gas", 1_400, 9, 49, "2004-01-01"),
    Product("R060", "燃气采暖G6", "Gas heating G6", "gas", 2_200, 9, 48, "2004-01-01"),
    Product("R100", "燃气采暖G10", "Gas heating G10", "gas", 3_500, 9, 47, "2004-01-01"),
    Product("R160", "燃气采暖G16", "Gas heating G16", "gas", 5_500, 9, 46, "2004-01-01"),
    Product("O015", "三相接入15kVA", "Three-phase 15 kVA", "office", 4_500, 13, 52, "2003-01-01"),
    Product("O030", "三相接入30kVA", "Three-phase 30 kVA", "office", 8_000, 13, 51, "2003-01-01"),
    Product("O050", "三相接入50kVA", "Three-phase 50 kVA", "office", 13_000, 13, 50, "2003-01-01"),
    Product("O080", "三相接入80kVA", "Three-phase 80 kVA", "office", 20_000, 13, 50, "2003-01-01"),
    Product("O125", "三相接入125kVA", "Three-phase 125 kVA", "office", 30_000, 13, 49, "2003-01-01"),
    Product("O200", "三相接入200kVA", "Three-phase 200 kVA", "office", 45_000, 13, 48, "2003-01-01"),
    Product("A006", "绿色电力", "Green power", "add_on", 600, 13, 40, "2008-01-01"),
    Product("A012", "管道漏损险", "Pipe insurance", "insurance", 1_200, 6, 55, "2007-01-01"),
    Product("A018", "家电维修", "Home repair", "service_plan", 1_800, 6, 60, "2007-01-01"),
    Product("A025", "锅炉保养", "Boiler care", "service_plan", 2_500, 6, 58, "2007-01-01"),
    Product("A030", "智能温控", "Smart thermostat", "add_on", 3_000, 13, 50, "2009-01-01"),
    Product("A060", "家用充电桩", "Home charger", "charging", 6_000, 13, 55, "2009-06-01"),
    Product("E090", "能耗监测", "Energy monitoring", "office", 9_000, 6, 35, "2008-01-01"),
    Product("E240", "配电代维", "Switchgear care", "office", 24_000, 6, 58, "2006-01-01"),
    Product("E480", "无功补偿", "Power factor service", "office", 48_000, 6, 45, "2006-01-01"),
    Product("U001", "电费", "Electricity", "electricity", 52, 13, 72, "2003-01-01"),
    Product("U002", "燃气费", "Gas", "gas", 290, 9, 75, "2003-01-01"),
    Product("S001", "装表接电", "Meter installation", "service", 12_000, 6, 75, "2003-01-01", is_once=True),
    Product("F001", "违约金", "Late fee", "service", 500, 6, 0, "2003-01-01", is_once=True),
    Product("G001", "服务补偿", "Goodwill credit", "service", 0, 6, 0, "2003-01-01", is_once=True),
    Product("D001", "计量设备", "Metering equipment", "device", 8_800, 13, 80, "2003-01-01", is_once=True),
    Product("D002", "漏电保护器", "Earth leakage breaker", "device", 4_500, 13, 70, "2005-01-01", is_once=True),
    Product("D003", "燃气报警器", "Gas alarm", "device", 15_800, 13, 76, "2006-01-01", is_once=True),
    Product("D004", "电表移位", "Moving the meter", "service", 26_000, 6, 75, "2003-01-01", is_once=True),
)

UTILITY: Final = Industry(
    name="utility",
    products=_PRODUCTS,
    plans=("H020", "H040", "H060", "H080", "H100", "H120"),
    second_plans=("R025", "R040", "R060", "R100", "R160"),
    office_plans=("O015", "O030", "O050", "O080", "O125", "O200"),
    plan_bounds=(0.8, 1.4, 2.0, 2.8, 4.5),
    add_ons=("A006", "A012", "A018", "A025", "A030", "A060"),
    office_add_ons=("E090", "E240", "E480"),
    dearer=(("H040", 0.40, 1_050), ("R040", 0.60, 1_600), ("O030", 0.77, 8_800)),
    late_fee="F001",
    installation="S001",
    credit="G001",
    one_offs=("D002", "D001", "D003", "D004"),
    measures=(
        # 0.52 yuan a kWh (0.676 by day, 0.312 by night), 2.90 yuan a cubic metre; nothing is included.
        Measure("energy_kwh", "kWh", 160.0, 5_200, 0, "U001", _POWER, periods=(38, 34, 28), decimals=1, period_prices=(130, 100, 60)),
        Measure("gas_m3", "m3", 9.0, 29_000, 0, "U002", _GAS, is_of_second=True, decimals=2),
    ),
    second_share=18,
    prepaid_share=20,
    contract_share=28,
    contract_months=12,
    deposit_share=30,
    deposit=20_000,
    top_tier_bill=40_000,
    base_hazard=0.0010,
    mood_hazard=0.30,
    outage_rate=0.12,
    outage_hits=0.30,
    wrong_bill_rate=0.012,
    long_wait_rate=0.010,
    broken_promise_rate=0.006,
    poor_service_rate=0.007,
    categories=("supply", "billing", "waiting", "appointment", "service"),
    departments=("grid operations", "billing and metering", "call centre", "field service", "customer care"),
    competitors=("青穗能源", "云屿电力", "北溟燃气"),
    has_port_out=False,
    balance_types=("prepaid",),
)
