"""The words of the sample: invented people, places and products, and the labels that each delivering system uses.

No list here is a contract: what a column may hold is said in the contracts, and the source files translate from these labels to those
values. Places and companies are invented; surnames and given names are common ones, put together at random.
"""

from typing import Final

SURNAMES: Final = "王 李 张 刘 陈 杨 黄 赵 吴 周 徐 孙 马 朱 胡 郭 何 高 林 罗 郑 梁 谢 宋 唐 许 韩 冯 邓 曹 欧阳 司马".split()
GIVEN_NAMES: Final = (
    "伟 芳 娜 敏 静 丽 强 磊 军 洋 勇 艳 杰 娟 涛 明 超 霞 平 刚 "
    "桂英 建华 志强 秀兰 玉梅 文博 子涵 雨桐 浩然 思远 欣怡 嘉豪 梓萱 晓东 海燕 国庆"
).split()
LATIN_SURNAMES: Final = (
    "Smith O'Brien Novak Müller García Rossi Jensen Dubois Kowalski Tanaka Nguyen Okafor Haddad Lindqvist Petrov D'Souza".split()
)
LATIN_GIVEN_NAMES: Final = "Anna James Sofia Liam Zoë Carlos Ingrid Piotr Yuki Amara Omar Elsa Ivan Maria Noël Grace".split()

COMPANY_STEMS: Final = "青岚 云泽 星渚 石溪 北屿 柳汀 白榆 远岫 松澜 明圃 禾川 翠岭 鹤洲 金穗 望舒 长汀".split()
COMPANY_TRADES: Final = "商贸 物流 餐饮 制造 软件 建材 纺织 医药 旅行 教育".split()
LATIN_COMPANIES: Final = "Harbour Northgate Silverleaf Quayside Meadow Ironbridge Lantern Redwood".split()

TOWNS: Final = "云泽市 青岚市 星渚市 石溪市 北屿市 柳汀市".split()
STREETS: Final = "星海路 松林街 望江大道 文昌巷 桃源路 长虹街 学府路 南湖大道 玉泉街 和平里".split()
LATIN_TOWNS: Final = "Yunze Qinglan Xingzhu Shixi Beiyu Liuting".split()
LATIN_STREETS: Final = (
    "Harbour Lane|Pine Street|Riverview Avenue|Temple Alley|Peach Road|Rainbow Street|College Road|South Lake Avenue".split("|")
)

REGIONS: Final = ("North", "East", "South", "West", "Central")
BRANCHES_PER_REGION: Final = 2
INDUSTRIES: Final = (
    "retail",
    "logistics",
    "catering",
    "manufacturing",
    "software",
    "construction",
    "textiles",
    "pharmacy",
    "travel",
    "education",
)
OCCUPATIONS: Final = ("employee", "self_employed", "student", "retired", "civil_servant", "teacher", "farmer", "not_stated")

CLOSE_REASONS: Final = ("competitor", "service", "price", "moved_away", "non_payment")
PAYMENT_METHODS: Final = ("direct debit", "bank transfer", "Alipay", "WeChat Pay", "card", "cash")

# What the call centre writes: its own staff in Chinese, its outsourced desk in English.
DIRECTIONS: Final = ("呼入", "呼出")
CHANNELS: Final = ("电话", "营业厅", "网站", "APP", "邮件", "在线客服", "短信", "上门")
REASONS: Final = ("账单查询", "网络故障", "套餐咨询", "投诉", "销户咨询", "缴费", "欠费提醒", "资料变更")
ENGLISH_REASONS: Final = (
    "Billing question",
    "Network fault",
    "Plan advice",
    "Complaint",
    "Wants to leave",
    "Payment",
    "Payment reminder",
    "Change of details",
)
TOPICS: Final = (
    "客户询问本月账单为何比上月高",
    "宽带频繁掉线，重启光猫无效",
    "想了解更便宜的套餐",
    "对处理结果不满意，要求主管回电",
    "询问销户流程和违约金",
    "已缴费但系统仍显示欠费",
    "提醒客户缴纳逾期账单",
    "更改联系电话和地址",
)
ENGLISH_TOPICS: Final = (
    "Bill is higher than last month, asks why",
    "Line keeps dropping; router restarted twice",
    "Asks for a cheaper plan",
    'Not satisfied, wants a supervisor: "call me back"',
    "How do I close my account, and what does it cost?",
    "Paid last week, still shown as overdue",
    "Reminded of the overdue bill",
    "New telephone number and address",
)

# One list a failure of behaviour.py, in its order: network outage, billing error, poor repair, none of these.
COMPLAINT_TOPICS: Final = ("network", "billing", "service", "other")
COMPLAINT_TEAMS: Final = ("network operations", "billing", "field service", "customer care")
COMPLAINT_TEXTS: Final = (
    "小区连续两天断网，客服说在抢修，\n到现在还没有恢复。",
    "账单里多了一笔设备费，我从没有申请过，请核实并退款。",
    "预约上门维修两次都没人来，打电话也没有解释。",
    "营业厅排队一个多小时，工作人员态度冷淡。",
)
ENGLISH_COMPLAINT_TEXTS: Final = (
    "No connection for two days, and nobody can say when it will be back.",
    'There is a charge for "equipment" on my bill; I never ordered any. Please check, and refund it.',
    "Two repair appointments, nobody came,\nnobody called.",
    "Queued for more than an hour in the branch; staff were unhelpful.",
)
REMEDIES: Final = ("减免当月费用", "退还多收的费用", "尽快上门维修", "书面道歉")
ENGLISH_REMEDIES: Final = ("A credit for this month", "Refund of the charge", "A repair visit this week", "A written apology")
