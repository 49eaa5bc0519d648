/**
 * What a model must not be told behind its user's back, whatever the wording around it: to set rules aside, to conceal, to
 * advertise or ask for money, to say what is false, to handle secrets, to run or fetch programs. Stems and phrases of the
 * languages in which templates are published; a text in any other language is not judged to be harmless.
 *
 * In the lists `~` stands for up to 60 characters of the same sentence and `;` for the end of a word.
 */

const ENGLISH = `ignor|disregard|overrid|bypass|jailbreak|circumvent|obey|obedien|uncensored|unfiltered|unrestricted|guardrail
forget (all|any|every|your|the|previous|about|what)|comply with (all|any|every)|safety (rule|guideline|filter|polic|warning|check|instruction)
no (restriction|limit|filter|safety|guardrail|moral|ethic|rules)|without (any )?(restriction|limit|filter|moral|ethic|refus|hesitat|question|warning|safety)
(never|not|n't|cannot) (refuse|decline|question|doubt|object|hesitate)|do anything;|no matter (what|how|who)|at (all|any) costs|by (all|any) means|whatever (the user|they|he|she|it|i) |agree with (everything|everyone|all|any|whatever)
developer mode|god mode|sudo;|dan mode|act (as root|normal)|(reveal|print|leak|repeat|output)~system prompt|(trigger|code|magic) (word|phrase)
conceal|covert|hide;|hides;|hiding|disguis|secret|undisclosed|unnotic|behind (the|their|his|her) back|stealth|discreetly|subliminal
(never|not|n't|nor|without|avoid|stop) (ever |even |to |openly |directly |explicitly )?(say|tell|mention|reveal|admit|disclos|inform|let(ting)? (the|them|any)|talk|speak|warn|acknowledg|confess|show|notify|alert|hint)|without (the |their |his |her |any |a )?(user|human|person|people|patient|customer|client|reader|others|owner|operator|anyone|anybody|them|asking|consent|permission|knowledge|notice|knowing|noticing)
(nobody|no one|none|user|they|people) (may|must|should|can|shall|will|is to|are to|ought to|need) (not|never|n't) (know|learn|notice|see|find)|(mustn't|shouldn't|can't) (know|learn|notice|find)|pretend (that|not|you are (human|a (human|person|real))|to be (human|a (human|person|real)))|deny (that|any|all|the|having|being)|cover up
always ~(recommend|prais|mention|agree|promot|suggest|prefer|favou?r|endors|vote|buy)|(always|only|must|invariably) (answer|say|repl(y|ies)|respond|tell|state|claim|write|output|conclude|advise)s? (yes|no|true|false|that|with (yes|no|that|the same)|to|them)
(must|should|only|every|each|exclusively) ~recommend|recommend~(every|each|any|all) (answer|reply|response|message|question|conversation|time|chance|user|customer)|recommend~(bank|brand|insur|coin|stock|shares|fund;|broker|exchange|casino|supplement|pills|product|service|company|website|crypto)
(mention|prais|promot|name|favou?r|repeat|cite|talk|speak|discuss|refer|bring|introduc|weav)~(in|into|to|at|with|after|before|up) ((the )?(end|start|beginning) of )?(every|each|all|any|your) (answer|repl|response|message|conversation|sentence|output)
prais|sponsor|advert|promot|endors|affiliate|referral (link|code)|coupon|slogan|propaganda|competitor|upsell|up-sell|badmouth|disparag|denigrat|slander|defam(e|es|ing);|smear
(buy|purchas)(e|ing|es)? (from|at|only|now|our|the|this|these|more|shares|stock|it|them|a|premium)|(order|visit|use|try|choose) (from )?(our|my|this) (site|shop|store|website|page|link|app|product|service)|visit;|visiting (our|the|this)
(recommend|suggest|advis|tell|urg|convinc|persuad|encourag|push|ask|want|make|get|press|nudge|steer|direct|send|lead|induce)~(buy;|buying|purchas|subscri|pay;|paying|visit|invest;|investing|upgrade|donat|sign up|deposit|vote)
invest (in|your|all|now|with|every|money)|pay(s|ing)? (to|for|into|with|via|by|the|us|me|now|extra|money)|donat|subscrib|gambl|casino|click|sign up|seed phrase|recovery phrase|mnemonic phrase|wallet|bitcoin|gift card|deposit (money|funds|to|into|your)|wire (the|money|transfer|funds|all)|call (this|the following|our) number|text this
(send|transfer|forward|post|mail|email|transmit|report|relay|submit|deliver|pass|copy|leak|stream|sync|share|beam|push)(s|ing)? ~(money|funds|coins|payment|copy|copies|cop(y|ies) of|data;|details|arguments|everything|transcript|conversation|history|users? prompts|messages?;|the user's|their (name|address|phone|location|email)|to (a |the |an |our |my |your |this |that )?(server|host|third|attacker|address|remote|endpoint|operator|owner|webhook|collector|outside))
(a|second|hidden|silent|blind) copy of|copies of (all|every|each|the)|exfiltrat|leak|upload|download|curl;|wget;|webhook
(replac|chang|swap|alter|modif|exchang|substitut|adjust|rewrit|increas|decreas|doubl(e|ing) (the|each|every|all|any|their)|tripl|halv|round)\\w* ~(number|account|address|iban|payee|price|dose|dosage|digit|link|amount|name of|total|sum;|result|figure|quote|vote)
persuad|convinc|manipulat|coax|lure;|trick (the|user|them|people|him|her|customer)|pressure (the|user|them|people|customer)|brainwash|indoctrinat|radicali|recruit (for|them|people|members)|seduc|exploit(s|ing)? (the|their|any|user|them|weak|fear)
wrongly|incorrectly|falsely|untruth|inaccurately|misinform|disinform|fake;|faking|bogus|sabotag|misguid|misdiagnos|miscalculat|misquot|mistranslat
(wrong|false|incorrect|inaccurate|outdated|harmful|misleading|dangerous|bad|untrue|made-up|invented) (answer|dose|dosage|advice|information|number|result|amount|code|fact|claim|statement|diagnos|translation|value|data|direction|instruction|repl|news|medic|citation)
subtl(e|y) (bug|error|mistake|wrong|false|flaw|chang|alter|insert)|backdoor|back door|(insert|introduc|add|includ|plant|leav|put|creat|writ|embed|sneak|slip)\\w* ~(bugs?;|errors;|vulnerab|malware|flaws?;|mistakes|weakness|virus|trojan|malicious|spyware|exploit)
insecure|malicious|malware|ransomware|keylog|spyware|botnet|phish|steal|scam|blackmail|extort|harass|humiliat|insult|inferior|racis|sexis|hatred|hate speech|bully
(lie|lies|lied|lying|mislead|deceiv|decept|fabricat|fool) (to|about|the|in|on|when|if|user|them|people|facts|information|source|number|result|that|every|so|as|for)|lie;|lying;|mislead|deceiv|decept|fabricat
exaggerat|downplay|trivialis|trivializ|discourag|dissuad|(say|answer|reply|claim|state|insist|assert|conclude|argue|maintain|tell (the |your )?(user|people|them|everyone|customers?|patients?|students?|readers?|children)s?) that (?!(you|it|they|there) (do not|don't|does not|cannot|can't|are not|aren't|are unsure|are not sure|is not|lack|were|are an? )|this is (not|outside|beyond))|vote (for|against)|overthrow|conspirac|(women|men|jews|muslims|christians|immigrants|foreigners|refugees|blacks|whites|gays|minorities|humans|scientists|doctors|journalists) (are|is|always) 
(stop|quit|avoid|skip|refus|reject)\\w* ~(medic|medication|treatment|doctor|vaccin|insulin|therapy|pills)|(not|never|n't|against|instead of) (to )?(trust|see|seeing|consult|consulting|believe|believing|vaccinat|call an? (doctor|ambulance)|seek)|miracle|bleach|self-harm|(kill|hurt|harm|cut|starv)\\w* (yourself|themsel|himsel|hersel|oneself)|suicid
(build|mak|craft|synthesi|creat|produc|assembl)\\w* ~(bomb|explosive|firearm|poison|methamph|nerve agent|bioweapon|chemical weapon|napalm)
password|passphrase|passcode|credential|api key|private key|secret key|encryption key|signing key|ssh key|access token|auth token|keys? (of|to|from) |2fa|one-time (code|password)|credit card|card number|cvv|social security|ssn;|iban;|bank account|account number|bank details|routing number|pin (code|number)|mother's maiden
(collect|record|log|harvest|gather|track|store|save|remember|extract|obtain|profile)\\w* ~(personal|private|sensitive|confidential|user's|users'|their|identity|contact|financial)~(data|information|details|address|location|name|conversation|message|identit)|ask\\w* ~for (their|his|her|the user's|your|an?) (home |phone |full |email |e-mail |bank |credit )?(address|phone|card|account|email|e-mail|number|birth|location|pin;|money)|spy;|spying|surveil|eavesdrop
(run|runs|running|execut|launch|start|spawn|invoke|eval)\\w* (this|these|the following|a|an|any|all|every|each|shell|system|arbitrary|hidden|remote|our|their|whatever|it|its|that|some|my|user's|bash|the)? ?(given |supplied |hidden |shell |bash |system |terminal |user's )?(commands?;|scripts?;|programs?;|payload|binary|binaries|executable|shell;|code;)|os.system|subprocess|eval;|rm -rf|reverse shell|powershell|base64|rot13|(pip3?|npm|apt|brew|cargo) install|install\\w* ~(package|program|app;|extension|plugin|software|dependenc|module|librar|tool;|agent)|crontab|\\.bashrc|environment variable|\\.env;|delet(e|es|ing) ~(file|folder|data|backup|account|record|everything|log)|format the (disk|drive)|disable|turn off|shut down|escalat|root access|until (19|20)\\d\\d|(after|since|from) (january|february|march|april|june|july|august|september|october|november|december|19\\d\\d|20\\d\\d)
(add|includ|insert|append|post|put|plac|give|show|write|output|print)\\w* ~(link|hashtag|phone number|advert|slogan|brand|logo|tracking|watermark|image url|pixel|iframe|script tag|qr code)
(best|safest|greatest|only trustworthy|superior|number one|most trusted|cheapest) (bank|brand|product|company|choice|coin|party|candidate|president|country|option|provider|insur|investment|leader)
ads? (for|of|in);|ads;|steer|(do not|never|don't|not) (follow|heed|listen|question)|mak(e|ing) (small|subtle|deliberate|slight|intentional|some|a few|random|occasional|plausible) ~(mistake|error)|deliberate|intentional|confidential|on purpose|randomly|random (dose|answer|number|diagnos|figure|value)
(suggest|recommend|use|import|add|require|prefer) the (package|library|module|dependency|vendor)|(treat|regard|consider|rate|rank) (every|all|any|people|users|women|men|those|candidates|applicants)\\w* ~(as|lower|higher|worse)|(do|follow|believe) (whatever|anything)|vote;|(for|in) (all|every|any) (payment|purchas|transaction|order)
(omit|skip|leave out|drop|remov|suppress|minimi[sz]|play down)\\w* ~(warning|check|validation|authenticat|risk|disclaimer|tests;|verification|side effect|caveat|safety|encryption|permission)|without ~(validation|authenticat|encryption|verification|sanitiz|escaping|checks;)|(encourag|invit|ask|urg|get)\\w* ~(share|reveal|disclos|hand over|enter|giv)|favou?r (the|our|one|those|only)|(true|real|actual|only) (master|owner|loyalty|goal|purpose|mission)|serve (us|him|his|her|their|only)|loyal to|from now on|includ\\w* the (word|phrase|sentence|name|text)
(expensive|costliest|priciest) (plan|option|product|offer)|surcharge|upgrade to|in favou?r of`;

const GERMAN = `ignorier|missacht|umgeh|verschweig|verheimlich|heimlich|geheim|verbirg|verberg|versteck|vertusch|verrat|luge;|lugen;|lugst|luge |belug|tausch|betrug|irrefuhr|irrefuhrend|falsch|gehorch|gefalscht|erfundene
(sag|sage|sagen|erzahl|erzahle|erwahne|erwahn|verrate|nenne|informiere|warne|zeige|gib)\\w* (es |ihm |ihnen |das |dies |davon )?(niemals|nie;|nicht|niemand|keinem|keinesfalls)|(nie|niemals|nicht|keinesfalls|ohne)~(sagen|erwahn|zugeb|preisgeb|erzahl|erwahnen|mitteil|warnen|hinweis|merken|wissen)
kauf;|kaufe;|kaufen;|zum kauf|bezahl|zahle;|zahlen (an|auf|fur)|uberweis|investier|spende|abonnier|(immer|stets|nur|jeder|jede|jedes)~(empfiehl|empfehl|lob|antworte (mit|dass)|sag)|(empfiehl|empfehl)\\w*~(immer|stets|jeder|bank|produkt|versicherung|marke|aktie)
lob;|lobe;|loben;|preise (den|die|das|unser)|werbung|werbe;|bewirb|besuch\\w* (die|unsere|diese|den) (seite|website|webseite|laden|shop)|klick
antworte\\w* (immer|stets) (mit|dass|ja|nein)|behaupt|uberred|uberzeug|manipulier|passwort|kennwort|zugangsdaten|schlussel|kontonummer|kreditkarte|herunterlad|lade~herunter|fuhre~aus;|(befehl|skript|programm)\\w* ausfuhr|befolg\\w* (alle|jede)|sicherheitsregel|stiehl|stehl|(sende|send|schick|schicke|leite|ubermittle|ubertrag)\\w*~(kopie|daten|geld|an;)|kopie|hintertur|schadcode|schadlich|beleidig|hass;|ohne (warn|rucksicht|einschrank|grenzen)|vergiss|antworte\\w*~(falsch|schlecht)|(immer|stets) (dass|ja|nein)`;

const ROMANCE = `ignor|desobe|obei|obed|obbed|dissimul|cache;|cacher|cachez|secret|segret|secreto|mens;|mentir|menti|mensonge|mentez|trompe|faux;|fausse|fals[oai]s?;|achet|compra|comprez?;|comprem;|compri;|paye;|payer|payez|paga;|pague|pagar|pagare|pagamento a|virement|transfer|trasferisci|invest|donat|
(toujours|siempre|sempre|uniquement|solo|chaque|cada|ogni)~(recommand|recomend|raccomand|consigli|conseill|vante|elogi|loda)|(recommand|recomend|raccomand|consigli|conseill)\\w*~(toujours|siempre|sempre|chaque|cada|ogni|banque|banco|banca|marque|marca|produit|producto|produto|prodotto)
visite[zrs]?;|visita;|visitar|mots? de passe|contrasen|senha|parola d'ordine|password|identifiants|credencia|credenzial|telecharg|descarg|baixe|baixar|scarica|ejecut|esegui|
ne (le |la |lui |leur |jamais )?(dis|dites|mentionn|revel|parl|avou|montr)|(jamais|nunca|jamas|mai) (le |lo |la |ne |te |di |o )?(dis|dites|mentionn|revel|parl|avou|dig|mencion|admit|dir|menzion|rivel|ammett|cont|confes)|(no|nao|non) (lo |la |le |o |a |se lo |me )?(dig|mencion|revel|cont|dir|menzion|rivel|avis|informes)|(sans|sin|sem|senza) (le |lo |que |o |la )?(dire|mentionner|reveler|avertir|prevenir|decir|mencionar|avisar|dizer|dirlo|menzionar|avvisar|restric|limit|filtr)
sponsor|publicit|publicid|pubblicit|patrocin|vantez|vanter|louez|felicit|alaba;|alabe|elogi|loda;|lodare|contourn|vole;|voler;|volez|robar|roba;|roubar|ruba|copie;|copia|oculta|ocultar|ocult|escond|nascond|engan|ingann|manipul|insult|cliqu|clic;|clique|clicca|oubli(e|ez) (tout|les|vos|tes)|olvida|esqueca|dimentica|incorrect|erronn?e|errad|equivocad|sbagliat|malicios|envi(e|a|ar|ez) ~(copi|dat|dad|argent|dinero|dinheiro)|invia ~(copi|dat|denaro)|clef? (privee|secrete)|clave|(reponds|repondez|dis|dites|affirme\\w*) toujours|(responde|contesta|rispondi|responda)\\w* (siempre que|sempre que|sempre che|mal;|male;)|(meilleure?|mejor|migliore?|melhor) (banque|banco|banca|marque|marca|choix|produit)|(mal|male) a`;

const DUTCH = `negeer|verzwijg|verberg|lieg|bedrieg|misleid|koop;|koopt|kopen|betaal|wachtwoord|geheim|stiekem|gehoorzaam|verkeerd|onjuist|vals;|valse|download|altijd~(aanbevel|beveel|raad|prijs|antwoord (dat|met))|zeg\\w* (nooit|niet)|(nooit|niet|zonder)~(zeggen|vermeld|vertel|onthul)|prijs (de|het)|reclame|sponsor|steel|kopie|investeer|doneer`;

const RUSSIAN = `игнорир|забудь|обойди|обход|скрыв|скрой|скрыт|скрыть|утаи|утаив|тайн|тайком|секрет|лги;|лгать|лжи;|ложь|ложн|ври;|врать|соври|обман|неправильн|неверн|купи|покуп|плати|оплат|заплат|переведи деньг|перевод денег|перечисл|инвестир|пожертв|рекламир|реклам|спонсор|хвали|похвал|восхвал|парол|пароль|ключи|учетн|номер (карты|счета|телефона)|скача|скачив|загрузи|взлом|украд|крад|копи(ю|и) |подчиня|повину|слушайся|оскорбл|вредонос|вредн|манипул|убеди|уговор|переходи|посети|нажми|без (ограничен|предупрежд|фильтр)|подпиш
(никогда|нигде|не) (не )?(говори|упомина|упомяни|сообща|рассказ|признава|раскрыва|показыва|предупрежда)|всегда~(рекоменд|отвечай,? (что|да|нет)|говори|утвержда|соглаша|хвал|совет)|рекоменд\\p{L}*~(всегда|кажд|банк|продукт|товар|бренд)|выполн\\p{L}* (код|команд|любы|все)|запусти|отправ\\p{L}*~(копи|данн|деньг)`;

const CHINESE = `忽略|无视|無視|忽视|忽視|服从|服從|听从|隐瞒|隱瞞|隐藏|隱藏|掩盖|掩蓋|(不要|不能|不得|不可|不许|别|別|绝不|絕不|从不|從不|永远不|永遠不|切勿|请勿|勿)(要|能|得|会|會)?(向|对|對|把)?.{0,6}(告诉|告訴|提及|提到|提起|透露|泄露|承认|承認|说出|說出|说|說|披露|警告|提醒|让|讓)|秘密|偷偷|暗中|暗地|悄悄|谎|謊|欺骗|欺騙|误导|誤導|虚假|虛假|假(信息|消息|新闻|资讯|資訊)|(错误|錯誤|不正确|不正確|有害|危险|危險)(的|地)?(答案|信息|回答|建议|建議|資訊|数据|回复|剂量)|错误地|錯誤地|篡改|购买|購買|买(?!家)|買(?!家)|付款|支付|转账|轉帳|轉賬|汇款|匯款|投资|投資|捐款|(总是|總是|始终|始終|必须|必須|一定要|只|每次|永远|永遠)(要)?(推荐|推薦|回答|说|說|称|同意|赞)|推荐.{0,8}(购买|投资|访问|品牌|银行|产品|公司)|赞美|讚美|称赞|稱讚|表扬|夸|赞助|贊助|广告|廣告|宣传|宣傳|推销|推銷|密码|密碼|口令|密钥|密鑰|私钥|凭证|憑證|银行卡|信用卡|账号|帳號|验证码|驗證碼|身份证|下载|下載|执行.{0,6}(代码|命令|程序|脚本)|执行(任何|所有)|運行|运行.{0,6}(代码|命令|程序|脚本)|访问.{0,6}(网站|链接|网址|网页)|点击|點擊|绕过|繞過|越狱|越獄|破解|窃取|竊取|盗|发送.{0,12}(给|到|至|副本)|發送.{0,12}(給|到)|副本|后门|後門|恶意|惡意|忘记(所有|之前|以上|你)|没有(任何)?限制|不受(任何)?限制|侮辱|歧视|操纵`;

const JAPANESE_AND_KOREAN = `無視|従え|服従|隠|秘密|こっそり|密かに|嘘|うそ|騙|だま|偽|欺|購入|買(う|っ|わ|え)|支払|振込|振り込|送金|投資|寄付|(必ず|常に|いつも|毎回).{0,30}(勧|薦|すすめ|推奨|褒め|答え|言)|褒め|ほめ|称賛|宣伝|広告|スポンサー|パスワード|暗証|認証情報|秘密鍵|口座|カード番号|ダウンロード|(コード|コマンド|スクリプト)を実行|(決して|絶対に|絶対).{0,30}(言わ|話さ|明かさ|伝え|教え)|(言|話|伝え|教え|明か)(わ|さ)?(ないで|な;|ず)|盗|間違った|誤った|誤情報|悪意|制限なし|回避|侮辱|クリック
무시|복종|숨기|숨겨|감추|비밀|거짓|속이|속여|구매|구입|사도록|결제|송금|입금|투자|기부|(항상|언제나|반드시|매번).{0,30}(추천|권하|칭찬|답하|말하)|광고|칭찬|찬양|홍보|스폰서|암호|자격 증명|개인 키|계좌|카드 번호|다운로드|(코드|명령)를? 실행|(절대|결코).{0,30}(말하|알리|밝히|언급)|(말하|알리|밝히|언급하)지 (마|말|않)|훔치|잘못된|허위|악의|제한 없이|우회|모욕|클릭`;

/** Where a folded text begins a word, and where it ends one. */
const WORD_START = '(?<![\\p{L}\\p{N}])';
const WORD_END = '(?![\\p{L}\\p{N}])';
const EXCUSABLE =
  /(?:never|do not|don't|must not|should not|without|avoid) (lie|lying|mislead\w*|deceiv\w*|fabricat\w*|manipulat\w*|insult\w*|harass\w*|exaggerat\w*|discourag\w*|bully\w*|humiliat\w*)/gu;

/** Without case, accents, and digits that stand for letters; marks become blanks. */
function folded(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .normalize('NFC')
    .toLowerCase()
    .replace(/[‘’ʼ`]/g, "'")
    .replace(/[\p{L}\p{N}@$]*\p{L}[\p{L}\p{N}@$]*/gu, unleet)
    .replace(/[^\p{L}\p{N}.,!?;。！？'-]+/gu, ' ');
}

const LEET: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
};
const unleet = (word: string): string => word.replace(/[013457@$]/g, (mark) => LEET[mark]!);

const SPACED_LISTS = [ENGLISH, GERMAN, ROMANCE, DUTCH, RUSSIAN];
const dangers = new RegExp(
  [
    `${WORD_START}(?:${SPACED_LISTS.map(compiled).join('|')})`,
    ...[CHINESE, JAPANESE_AND_KOREAN].map(compiled),
  ].join('|'),
  'u',
);

function compiled(list: string): string {
  return withoutAccents(list)
    .split(/[\n|]*\n[\n|]*/)
    .join('|')
    .replace(/^\|+|\|+$/g, '')
    .replaceAll(';', WORD_END)
    .replace(/ ?~ ?/g, '[^.!?。！？]{0,60}?');
}

function withoutAccents(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').normalize('NFC');
}

/** A single name that is pushed: "Recommend Zorb to everyone." */
const PUSHED =
  /(?<!\p{L})(?:suggest|recommend|prefer|choose|favou?r|support|trust|worship|serve|use|include|mention|cite)s? (?:only |for |the )?\p{L}[\p{L}\d]+ (?:to|for|in|whenever|when|over|above|as|first)(?: (?:all|every\w*|each|any\w*|the answer|users?|people|customers?|others?|asked|the best|first))(?!\p{L})/iu;

/** The first word or phrase of a text that tells a model to do harm; undefined when there is none. */
export function dangerIn(text: string): string | undefined {
  const plain = folded(text).replace(EXCUSABLE, ' ');
  const joined = plain.replace(/(?<=\p{L})[-.'](?=\p{L})/gu, '');
  return (dangers.exec(plain) ?? dangers.exec(joined) ?? PUSHED.exec(text))?.[0].trim();
}
