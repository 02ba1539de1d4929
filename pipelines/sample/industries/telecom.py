"""An invented telecommunications company: mobile plans, fibre, office lines, and what is sold besides. Prices with tax, in fen."""

from typing import Final

from pipelines.sample.industries.industry import Industry, Measure, Product

_FLAT: Final = (1.0,) * 12
# Around the Spring Festival people call and write more; in the summer holidays they watch more.
_CALLS: Final = (1.1, 1.15, 0.98, 0.96, 0.97, 0.97, 0.98, 0.98, 0.99, 1.0, 0.96, 0.96)
_WATCHING: Final = (1.05, 1.1, 0.95, 0.94, 0.95, 0.97, 1.1, 1.1, 0.95, 0.98, 0.95, 0.96)

# Basic telecommunication is taxed at 9 %, value-added services at 6 %, goods at 13 %.
# What the ladders hold is older than the oldest account; nobody of the sample holds M069 (withdrawn) or M399 (new).
_PRODUCTS: Final = (
    Product("M029", "畅聊套餐29", "Mobile 29", "mobile", 2_900, 9, 38, "2008-05-01"),
    Product("M059", "畅聊套餐59", "Mobile 59", "mobile", 5_900, 9, 35, "2008-05-01"),
    Product("M069", "如意套餐69", "Mobile Ruyi 69", "mobile", 6_900, 9, 41, "2006-03-01", "2025-12-31"),
    Product("M099", "畅享套餐99", "Mobile 99", "mobile", 9_900, 9, 32, "2008-11-01"),
    Product("M129", "畅享套餐129", "Mobile 129", "mobile", 12_900, 9, 30, "2009-01-01"),
    Product("M199", "尊享套餐199", "Mobile 199", "mobile", 19_900, 9, 27, "2009-01-01"),
    Product("M299", "尊享套餐299", "Mobile 299", "mobile", 29_900, 9, 25, "2009-06-01"),
    Product("M399", "至尊套餐399", "Mobile 399", "mobile", 39_900, 9, 25, "2026-02-01"),
    Product("B0050", "光纤宽带50M", "Fibre 50", "broadband", 5_900, 9, 48, "2007-03-01"),
    Product("B0100", "光纤宽带100M", "Fibre 100", "broadband", 7_900, 9, 45, "2008-03-01"),
    Product("B0300", "光纤宽带300M", "Fibre 300", "broadband", 9_900, 9, 43, "2009-06-01"),
    Product("B0500", "光纤宽带500M", "Fibre 500", "broadband", 13_900, 9, 42, "2009-09-01"),
    Product("B1000", "光纤宽带1000M", "Fibre 1000", "broadband", 19_900, 9, 40, "2009-09-01"),
    Product("O079", "商务固话79", "Office line 79", "office", 7_900, 9, 40, "2005-01-01"),
    Product("O119", "商务固话119", "Office line 119", "office", 11_900, 9, 38, "2005-01-01"),
    Product("O169", "商务融合169", "Office bundle 169", "office", 16_900, 9, 37, "2007-01-01"),
    Product("O239", "商务融合239", "Office bundle 239", "office", 23_900, 9, 36, "2007-01-01"),
    Product("O349", "商务专享349", "Office premium 349", "office", 34_900, 9, 35, "2008-01-01"),
    Product("O499", "商务专享499", "Office premium 499", "office", 49_900, 9, 34, "2008-01-01"),
    Product("A005", "来电显示", "Caller display", "add_on", 500, 6, 10, "2005-01-01"),
    Product("A010", "云盘200G", "Cloud 200 GB", "add_on", 1_000, 6, 25, "2009-01-01"),
    Product("A015", "手机保险", "Handset insurance", "add_on", 1_500, 6, 60, "2009-01-01"),
    Product("A020", "互动电视", "Interactive TV", "television", 2_000, 6, 55, "2008-01-01"),
    Product("A025", "国际漫游包", "Roaming pack", "add_on", 2_500, 6, 50, "2008-01-01"),
    Product("A030", "定向流量包30G", "Data pack 30 GB", "add_on", 3_000, 9, 30, "2009-01-01"),
    Product("E299", "云主机", "Cloud host", "cloud", 29_900, 6, 48, "2009-07-01"),
    Product("E120", "企业彩铃", "Corporate ring tone", "office", 12_000, 6, 20, "2007-01-01"),
    Product("E600", "数据专线20M", "Leased line 20", "office", 60_000, 9, 40, "2006-01-01"),
    Product("E1800", "数据专线100M", "Leased line 100", "office", 180_000, 9, 36, "2006-01-01"),
    Product("U001", "语音通话费", "Calls", "usage", 15, 9, 30, "2005-01-01"),
    Product("U002", "套餐外流量费", "Data beyond the plan", "usage", 1, 9, 25, "2005-01-01"),
    Product("U003", "短信费", "Text messages", "usage", 10, 9, 20, "2005-01-01"),
    Product("S001", "安装服务", "Installation", "service", 10_000, 6, 70, "2005-01-01", is_once=True),
    Product("F001", "滞纳金", "Late fee", "service", 500, 6, 0, "2005-01-01", is_once=True),
    Product("G001", "服务补偿", "Goodwill credit", "service", 0, 6, 0, "2005-01-01", is_once=True),
    Product("D001", "终端设备", "Equipment", "device", 6_800, 13, 80, "2005-01-01", is_once=True),
    Product("D002", "补换卡", "Card replacement", "device", 2_000, 6, 40, "2005-01-01", is_once=True),
    Product("D003", "无线路由器", "Wireless router", "device", 15_900, 13, 78, "2009-01-01", is_once=True),
    Product("D004", "智能手表", "Smart watch", "device", 29_900, 13, 82, "2009-10-01", is_once=True),
)

TELECOM: Final = Industry(
    name="telecom",
    products=_PRODUCTS,
    plans=("M029", "M059", "M099", "M129", "M199", "M299"),
    second_plans=("B0050", "B0100", "B0300", "B0500", "B1000"),
    office_plans=("O079", "O119", "O169", "O239", "O349", "O499"),
    plan_bounds=(0.8, 1.4, 2.0, 2.7, 4.5),
    add_ons=("A010", "A005", "A015", "A020", "A025", "A030"),
    office_add_ons=("E120", "E299", "E600", "E120", "E299", "E1800"),
    dearer=(("M059", 0.42, 6_500), ("B0100", 0.63, 8_500), ("O119", 0.79, 12_900)),
    late_fee="F001",
    installation="S001",
    credit="G001",
    one_offs=("D001", "D002", "D003", "D004"),
    measures=(
        # Beyond the plan: 0.15 yuan a minute, 0.01 yuan an MB, 0.10 yuan a message.
        Measure("voice_minutes", "minute", 220.0, 1_500, 80, "U001", _CALLS),
        Measure("data_mb", "MB", 6_000.0, 100, 86, "U002", _WATCHING, is_of_second=True),
        Measure("sms", "message", 25.0, 1_000, 80, "U003", _FLAT),
    ),
    second_share=22,
    prepaid_share=25,
    contract_share=38,
    contract_months=24,
    deposit_share=4,
    deposit=20_000,
    top_tier_bill=15_000,
    base_hazard=0.004,
    mood_hazard=0.30,
    outage_rate=0.12,
    outage_hits=0.30,
    wrong_bill_rate=0.010,
    long_wait_rate=0.012,
    broken_promise_rate=0.006,
    poor_service_rate=0.008,
    categories=("network", "billing", "waiting", "commitment", "service"),
    departments=("network operations", "billing", "call centre", "field service", "customer care"),
    competitors=("青穗通信", "云屿移动", "北溟电讯"),
    has_port_out=True,
    balance_types=("prepaid",),
)
