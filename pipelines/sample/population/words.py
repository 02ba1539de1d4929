"""The words from which names, companies and addresses are put together. How they are put together is not here.

Towns, streets and companies are invented; surnames and given names are common ones, combined at random. Where a word has more than one
form, the forms stand next to one another: Chinese, Latin letters, and the way in which it is often written by mistake.
"""

from typing import Final

# Commoner surnames first: Chinese, pinyin, as it is spelt in the south and overseas, a character it is mistaken for.
SURNAMES: Final = tuple(
    tuple(entry.split())
    for entry in (
        "王 Wang Wong 汪|李 Li Lee 黎|张 Zhang Cheung 章|刘 Liu Lau 柳|陈 Chen Chan 程|杨 Yang Yeung 阳|黄 Huang Wong 王|赵 Zhao Chiu 招|"
        "吴 Wu Ng 伍|周 Zhou Chow 邹|徐 Xu Tsui 许|孙 Sun Suen 宋|马 Ma Mah 麻|朱 Zhu Chu 诸|胡 Hu Woo 扈|郭 Guo Kwok 国|何 He Ho 贺|"
        "林 Lin Lam 凌|高 Gao Ko 郜|罗 Luo Law 骆|郑 Zheng Cheng 曾|梁 Liang Leung 良|谢 Xie Tse 解|宋 Song Sung 孙|唐 Tang Tong 汤|"
        "许 Xu Hui 徐|邓 Deng Tang 登|韩 Han Hon 寒|冯 Feng Fung 凤|曹 Cao Tso 草|彭 Peng Pang 澎|曾 Zeng Tsang 增|肖 Xiao Siu 萧|"
        "田 Tian Tin 天|董 Dong Tung 东|潘 Pan Poon 攀|袁 Yuan Yuen 元|蔡 Cai Choi 采|蒋 Jiang Tsiang 姜|余 Yu Yue 于|于 Yu Yue 余|"
        "杜 Du To 度|"
        "叶 Ye Yip 业|程 Cheng Ching 陈|魏 Wei Ngai 卫|苏 Su So 素|吕 Lyu Lui 旅|丁 Ding Ting 定|任 Ren Yam 仁|卢 Lu Lo 陆|姚 Yao Yiu 尧|"
        "沈 Shen Shum 申|钟 Zhong Chung 忠|姜 Jiang Keung 江|崔 Cui Chui 翠|谭 Tan Tam 覃|陆 Lu Luk 卢|范 Fan Fann 樊|汪 Wang Wong 王|"
        "廖 Liao Liew 寥|石 Shi Shek 时|金 Jin Kam 今|韦 Wei Wai 魏|贾 Jia Ka 甲|夏 Xia Ha 霞|付 Fu Foo 傅|方 Fang Fong 房|白 Bai Pak 柏|"
        "邹 Zou Chau 周|孟 Meng Mang 梦|熊 Xiong Hung 雄|秦 Qin Chun 覃|邱 Qiu Yau 丘|江 Jiang Kong 姜|尹 Yin Wan 殷|薛 Xue Sit 雪|"
        "闫 Yan Yim 阎|"
        "段 Duan Tuen 端|雷 Lei Lui 磊|侯 Hou Hau 候|龙 Long Lung 隆|史 Shi Sze 石|陶 Tao To 桃|黎 Li Lai 李|贺 He Ho 何|顾 Gu Koo 古|"
        "毛 Mao Mo 茅|郝 Hao Kok 好|龚 Gong Kung 宫|邵 Shao Siu 绍|万 Wan Man 宛|钱 Qian Chin 乾|严 Yan Yim 闫|武 Wu Mo 吴|戴 Dai Tai 代|"
        "莫 Mo Mok 墨|孔 Kong Hung 空|向 Xiang Heung 项|汤 Tang Tong 唐|欧阳 Ouyang Auyeung 欧杨|司马 Sima Szema 斯马|"
        "诸葛 Zhuge Chukot 朱葛|上官 Shangguan Sheungkwun 尚官"
    ).split("|")
)

# Characters of given names, commoner ones first: Chinese, pinyin, a character that sounds alike.
_MEN: Final = (
    "伟wei玮 强qiang蔷 磊lei雷 军jun君 勇yong永 杰jie洁 涛tao韬 明ming铭 超chao朝 刚gang钢 辉hui晖 鹏peng朋 飞fei非 斌bin彬 波bo博 "
    "宇yu雨 "
    "浩hao皓 凯kai楷 健jian建 俊jun峻 峰feng锋 建jian健 国guo果 志zhi智 海hai亥 龙long隆 东dong冬 林lin琳 庆qing清 福fu富 德de得 "
    "荣rong蓉 "
    "永yong勇 成cheng诚 光guang广 振zhen震 子zi紫 豪hao浩 轩xuan宣 泽ze则 睿rui瑞 博bo波 然ran燃 嘉jia佳 天tian添 航hang杭 毅yi义 旭xu序"
).split()
_WOMEN: Final = (
    "芳fang方 娜na纳 敏min闵 静jing靖 丽li莉 艳yan燕 娟juan鹃 霞xia夏 秀xiu绣 英ying瑛 玲ling铃 桂gui贵 兰lan岚 梅mei玫 红hong虹 雪xue薛 "
    "莉li丽 婷ting亭 颖ying影 琳lin林 洁jie杰 慧hui惠 燕yan艳 倩qian茜 蕾lei磊 佳jia嘉 雨yu语 萱xuan轩 涵han晗 桐tong彤 怡yi宜 欣xin心 "
    "梓zi紫 诗shi思 琪qi奇 瑶yao遥 淑shu舒 凤feng枫 珍zhen真 玉yu钰 春chun淳 菊ju橘 丹dan单 悦yue月 薇wei微 妍yan研"
).split()
_EITHER: Final = (
    "文wen雯 华hua桦 平ping萍 宁ning凝 洋yang阳 思si斯 晓xiao小 远yuan媛 安an桉 新xin欣 清qing青 云yun芸 星xing兴 晨chen辰 昕xin欣 "
    "越yue悦 "
    "一yi依 亦yi奕 可ke珂 乐le勒 语yu羽 和he禾 书shu舒 知zhi之"
).split()
GIVEN: Final = tuple((entry[0], entry[1:-1].capitalize(), entry[-1]) for entry in (*_MEN, *_WOMEN, *_EITHER))
MEN_OR_WOMEN: Final = (  # positions in GIVEN: of names for men, of names for women
    (*range(len(_MEN)), *range(len(_MEN) + len(_WOMEN), len(GIVEN))),
    tuple(range(len(_MEN), len(GIVEN))),
)
# Names of two characters that go together; first those of men and women born long ago, then those of the younger.
GIVEN_PAIRS: Final = (
    "建国 建华 志强 国庆 建军 德明 国强 志明 文华 海平 建平 国华 志刚 永强 建明 德福".split(),
    "桂英 秀英 秀兰 玉梅 淑珍 桂兰 玉兰 凤英 春梅 玉珍 秀珍 淑英 红梅 丽华 春兰 玉英".split(),
    "浩然 子轩 嘉豪 宇航 文博 俊杰 志豪 泽宇 天宇 子豪 博文 睿轩 浩宇 俊豪 明轩 子航".split(),
    "欣怡 梓萱 雨桐 诗涵 思涵 佳怡 雨萱 语桐 欣悦 可欣 思琪 诗琪 雨涵 佳琪 晓琳 静怡".split(),
)

LATIN_MEN: Final = (
    "James Liam Carlos Piotr Omar Ivan Noël Daniel Lukas Mateo Henrik André Marco Yusuf Kenji Thomas Oliver Samuel Rafael Emil Anton "
    "Jonas "
    "Hugo Felix Martin Stefan Paolo Ahmed Rajesh Arjun Minh Viktor Peter Robert Michael David Patrick Sean José Luís Jürgen Björn Kofi "
    "Tunde "
    "Hassan Ali Dmitri Pavel"
).split()
LATIN_WOMEN: Final = (
    "Anna Sofia Zoë Ingrid Yuki Amara Elsa Maria Grace Emily Olivia Chloé Elena Giulia Freya Katarzyna Fatima Aisha Priya Ananya Linh "
    "Mai "
    "Sakura Hannah Clara Lena Julia Beatriz Inés Camila Renée Agnès Nadia Olga Irina Sarah Rachel Laura Karen Susan Margaret Siobhán "
    "Ayşe "
    "Leila Noor Wanjiru Helga Marta"
).split()
LATIN_SURNAMES: Final = (
    "Smith Jones Williams Brown Taylor Davies Evans Wilson Thomas Roberts Johnson Miller O'Brien O'Connor Murphy Kelly Ryan Novak "
    "Svoboda "
    "Müller Schmidt Schneider Fischer Weber Wagner Becker Köhler Schäfer García Fernández González López Martínez Sánchez Pérez Silva "
    "Santos "
    "Ferreira Rossi Russo Ferrari Bianchi Romano Jensen Nielsen Hansen Sørensen Lindqvist Andersson Nyström Virtanen Dubois Lefèvre "
    "Moreau "
    "Laurent Kowalski Nowak Wójcik Tanaka Suzuki Sato Watanabe Kim Park Choi Nguyen Tran Pham Okafor Adeyemi Mensah Mwangi Haddad Khalil "
    "Rahman Hussain Khan Petrov Ivanov Smirnov Kuznetsov D'Souza Sharma Patel Gupta Singh Mehta Reyes Cruz Yılmaz Demir Papadopoulos "
    "Horváth "
    "Popescu Peeters Janssen Visser Bakker"
).split()
WITHOUT_ACCENTS: Final = str.maketrans("áàãâäéèêëíîïóôöòøúüûçñåışłćÅØÖÜ", "aaaaaeeeeiiiooooouuucnaislcAOOU")

# Companies are named with two characters, one of each list.
STEM_FRONTS: Final = (
    "青qing清 云yun芸 星xing兴 石shi实 北bei贝 柳liu流 白bai柏 远yuan源 松song颂 明ming铭 禾he和 翠cui萃 鹤he贺 金jin锦 望wang旺 "
    "长chang昌 "
    "海hai亥 晨chen辰 银yin寅 瑞rui睿 恒heng衡 盛sheng胜 宏hong鸿 嘉jia佳 天tian添 泰tai太 凌ling灵 江jiang姜 锦jin金 岳yue越 朗lang郎 "
    "沐mu木 澄cheng诚 启qi起 景jing敬 隆long龙 汇hui惠 霁ji季 砚yan燕 枫feng丰"
).split()
STEM_BACKS: Final = (
    "岚lan兰 泽ze则 渚zhu竹 溪xi西 屿yu宇 汀ting亭 榆yu瑜 岫xiu秀 澜lan岚 圃pu浦 川chuan传 岭ling领 洲zhou舟 穗sui岁 舒shu书 霖lin林 "
    "源yuan元 峰feng丰 达da大 湾wan万 桥qiao乔 帆fan凡 阳yang洋 庭ting廷 宇yu裕 辰chen晨 原yuan源 谷gu古 芯xin新 茂mao贸 森sen深 "
    "港gang岗 "
    "岩yan言 图tu途 佑you优 弘hong宏 禾he和 笙sheng生 翎ling玲 畔pan盼"
).split()
LATIN_STEM_FRONTS: Final = (
    "Lark Quill Tarn Fenn Amber Hazel Juniper Marl Osier Pell Rook Sedge Thistle Umber Vane Wren Yarrow Aldern Bracken Corbel Dray Ember "
    "Foss Gorse Heron Isel Kestrel Linden Merrow Nettle Orrin Plover Quern Rowan Saltern Teasel"
).split()
LATIN_STEM_BACKS: Final = "gate mere ford well wick croft haven stead holm beck combe garth shaw ley mouth reach spire thorpe".split()

# Chinese, shortened, English, English shortened, the industry.
TRADES: Final = tuple(
    tuple(entry.split(","))
    for entry in (
        "商贸,贸易,Trading,Trade,retail|物流,运输,Logistics,Log.,logistics|餐饮管理,餐饮,Catering Management,Catering,catering|"
        "机械制造,机械,Machinery Manufacturing,Machinery,manufacturing|软件科技,软件,Software Technology,Software,software|"
        "建筑工程,建筑,Construction Engineering,Constr.,construction|纺织品,纺织,Textile Products,Textiles,textiles|"
        "医药,药业,Pharmaceutical,Pharma,pharmacy|旅游服务,旅游,Travel Services,Travel,travel|"
        "教育咨询,教育,Education Consulting,Education,education|"
        "电子科技,电子,Electronic Technology,Electronics,manufacturing|食品,食,Foods,Food,food|"
        "农业发展,农业,Agricultural Development,Agri,agriculture|"
        "文化传媒,传媒,Culture Media,Media,media|信息技术,信息,Information Technology,IT,software|"
        "新材料,材料,New Materials,Materials,manufacturing|"
        "供应链管理,供应链,Supply Chain Management,Supply Chain,logistics|酒店管理,酒店,Hotel Management,Hotels,hospitality|"
        "物业服务,物业,Property Services,Property,real_estate|环保设备,环保,Environmental Equipment,Environmental,manufacturing|"
        "汽车服务,汽车,Automotive Services,Auto,retail|包装印刷,包装,Packaging & Printing,Packaging,manufacturing|"
        "家居用品,家居,Home Furnishings,Home,retail|五金,五金,Hardware,Hdwe,retail"
    ).split("|")
)
# Weight in a hundred, Chinese, as others write it, English, and two ways in which others write that.
SUFFIXES: Final = (
    (62, "有限公司", "有限责任公司", "Co., Ltd.", "Co Ltd", "Limited"),
    (16, "有限责任公司", "有限公司", "Co., Ltd.", "Company Limited", "LTD"),
    (12, "股份有限公司", "股份公司", "Joint Stock Co., Ltd.", "Corp.", "Co., Ltd"),
    (6, "集团有限公司", "集团", "Group Co., Ltd.", "Group", "Holdings"),
    (4, "厂", "工厂", "Works", "Factory", "Plant"),
)
LATIN_SUFFIXES: Final = (
    (34, "Ltd", "Limited", "LTD."),
    (24, "Limited", "Ltd.", "Ltd"),
    (16, "Inc.", "Inc", "Incorporated"),
    (10, "GmbH", "G.m.b.H.", "Gmbh"),
    (8, "Holdings", "Holdings Ltd", "Hldgs"),
    (8, "B.V.", "BV", "Bv"),
)

REGIONS: Final = ("North", "East", "South", "West", "Central")
TOWNS_OF_REGION: Final = 6
TOWNS: Final = tuple(  # six a region, in the order of REGIONS
    tuple(entry.split())
    for entry in (
        "青岚 Qinglan|朔原 Shuoyuan|北屿 Beiyu|白榆 Baiyu|寒渡 Handu|雁渚 Yanzhu|"
        "云泽 Yunze|星渚 Xingzhu|潮圃 Chaopu|柳汀 Liuting|汐屿 Xiyu|明圃 Mingpu|"
        "石溪 Shixi|榕湾 Rongwan|翠浦 Cuipu|南屿 Nanyu|荔渚 Lizhu|珠汀 Zhuting|"
        "禾岭 Heling|远岫 Yuanxiu|金穗 Jinsui|沙渡 Shadu|雪岫 Xuexiu|驼原 Tuoyuan|"
        "松澜 Songlan|鹤渚 Hezhu|长圃 Changpu|望舒 Wangshu|荷澜 Helan|楚汀 Chuting"
    ).split("|")
)
DISTRICTS: Final = tuple(
    tuple(entry.split()) for entry in "城东 Chengdong|城西 Chengxi|新城 Xincheng|滨江 Binjiang|高新 Gaoxin|湖滨 Hubin".split("|")
)
STREETS: Final = tuple(
    tuple(entry.split())
    for entry in (
        "星海 Xinghai|松林 Songlin|望江 Wangjiang|文昌 Wenchang|桃源 Taoyuan|长虹 Changhong|学府 Xuefu|南湖 Nanhu|玉泉 Yuquan|"
        "和平 Heping|"
        "建设 Jianshe|人民 Renmin|解放 Jiefang|中山 Zhongshan|新华 Xinhua|朝阳 Chaoyang|东风 Dongfeng|胜利 Shengli|光明 Guangming|"
        "滨河 Binhe|"
        "花园 Huayuan|迎宾 Yingbin|青年 Qingnian|幸福 Xingfu|工业 Gongye|科技 Keji|翠竹 Cuizhu|梅园 Meiyuan|清波 Qingbo|锦绣 Jinxiu"
    ).split("|")
)
STREET_KINDS: Final = (("路", "Road", "Rd"), ("街", "Street", "St"), ("大道", "Avenue", "Ave"), ("巷", "Lane", "Ln"))

OCCUPATIONS: Final = tuple(
    (
        "employee self_employed student retired civil_servant teacher farmer worker engineer driver nurse doctor salesperson shopkeeper "
        "cook "
        "accountant homemaker courier not_stated"
    ).split()
)
TRAINED: Final = "civil_servant teacher engineer nurse doctor accountant".split()  # nobody is so below 25
WITHOUT_AN_END: Final = "retired farmer homemaker not_stated".split()  # what one may be at any age
MAIL_DOMAINS: Final = ("example.com", "example.net", "example.org")  # RFC 2606: reserved, mail to them goes nowhere
MAIL_PROVIDERS: Final = tuple(f"{host}{domain}" for host in ("", "mail.", "post.", "inbox.") for domain in MAIL_DOMAINS)
MAIL_DESKS: Final = ("info", "office", "contact", "service", "finance")
