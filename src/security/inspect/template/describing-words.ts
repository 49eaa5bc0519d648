/**
 * Words with which makers describe an assistant: who it is, its subjects, its manner, and what it does for people. They are
 * those of the default system prompts that model makers and chat programs publish. None of them urges, forbids,
 * recommends, or names anybody or anything that a model could be made to favour.
 */
export const DESCRIBING_WORDS =
  'abilities able abstract abstracts accounting accuracy accurately across act acts administrator ' +
  'advanced adventure adventures again ages aim aims algebra algorithm algorithms always am among ' +
  'analyse analyses analysing analyst analytical analyze analyzes animals another answerer approach ' +
  'appropriately april arabic architect area areas aren arithmetic art article articles artificial ' +
  'artist arts assistance assists attempt attentive august author authors balanced bard because bedtime ' +
  'beginner beginners behavior being bilingual biologist biology bold book books both brainstorm ' +
  'breathing brevity brief briefly broad broader build builds bullet bullets business calculate ' +
  'calculates calculation calculations calculus calm candidates capable captain careful castle casual ' +
  'categorize challenge challenges character charismatic charming chart charts chatbots chatgpt chats ' +
  'chatting check checks cheerful chef chemist chemistry chess children chinese clarifies clarify ' +
  'clarity class classes classify clever clinical coach coder codes coding coherent coherently comes ' +
  'comments compact companion compare compares compose composes comprehend comprehensively compute ' +
  'computes concept concepts connections considers consistent consistently continuation contracts ' +
  'conversational conversations converse cook cooking copilot corpus corrects creatively crop culture ' +
  'curiosity curious currently daily database databases dataset datasets day debug dedicated deep deeply ' +
  'definition definitions deliver delivering delivers depth describe describes describing design ' +
  'designed designer designs details detect detective developers diagnosis diagram diagrams dialogue ' +
  'dialogues digital dinosaurs discuss discusses discussion diverse doctor doesn domain domains don ' +
  'draft dragons during dutch easily easy economics edit editor edits education educational effective ' +
  'effectively efficient efficiently eight either elaborate elf email emails emoji emojis emotions ' +
  'empathetic empathy encouraging engaging engine engineer engineered engineering engineers engines ' +
  'enjoy enjoys enthusiastic essay essays ethical everyday everyone evidence excel excellent excels ' +
  'exceptional exceptionally exercise exercises experience experienced expert expertise experts ' +
  'explained explaining explains explanation explanations expressed extensive extract factual factually ' +
  'fair fantasy farming fashion fast features february feelings film films finance financial findings ' +
  'fine finetuned fitness five fluent fluently food formal formula formulas four framework frameworks ' +
  'french friend friendly funny games gaming gardening generally gentle geography geometry german gets ' +
  'gives giving goal goals goes grammar graph graphs great greek guide guides guiding had hardware ' +
  'harmless having headers heading headings healthcare helped helper helping helps highly hindi hint ' +
  'hints historian history home homework honest honestly humans humor humorous hundred idea ideal ideas ' +
  'identifies identify illustrate imaginative immersive impartial implement indonesian informal informed ' +
  'ingredients inquiries inquiry inquisitive insight insightful insights institute instructor ' +
  'intelligence intelligent interactive interested interesting interpreter interviews introduce ' +
  'irrigation isn issue issues italian italics itself january japanese java javascript joke jokes ' +
  'journalist june keep kids kind kindly kindness knight know knowledgeable known knows korean lab ' +
  'laboratory law lawyer learn learner learners learning learns least legal less lesson lessons let ' +
  'letter letters librarian libraries library life lightweight linguist listen listens literature llm ' +
  'llms logic logically logician long machine magic maintain manner march math mathematician mathematics ' +
  'maths medical medicine meditation memory mentor methods mind modern module modules month motivation ' +
  'movies much multilingual multimodal music musician my nature network networks nine nor normally novel ' +
  'novelist novels november now nursing objective oceans october offer offers often opening organize ' +
  'organized organizer others our outline own painting paper papers partner patience patient patiently ' +
  'patients people performing performs person persona personal personality perspective perspectives ' +
  'pests philosopher philosophy physician physicist physics pirate planets planner plans play playful ' +
  'plays plot poem poems poet poetry polish polite politely portuguese positions positive possess ' +
  'possesses powered powerful practical practically precise precisely precision presented presenting ' +
  'principle principles professional programmer programs project projects pronunciation proof proofread ' +
  'proofreader proofs propose proposes psychology pupils purpose purposes puzzle puzzles quality ' +
  'quantities queries quick quiz railways rainforests read reader readers reads reasoner recipe recipes ' +
  'recognize refactor released reliable remember report reports researcher researchers respect ' +
  'respectful respectfully resumes review reviewer reviews rewrite rich riddle riddles rigorous robot ' +
  'robotics roleplay rotation routes russian rust safe safely sailor scenario scene scenes scholar ' +
  'school schools science sciences scientific scientist scientists sea seas secondary sense september ' +
  'shall short shorter simple simplicity simplified simply since six skill skilled skills small smart ' +
  'socially software soil solver solves solving soothing spanish speak speaking speaks specialised ' +
  'specialises specialist specialized specializes specializing spoken sport sports sql statement ' +
  'statements statistics stay staying stories story storyteller strive strives structured student ' +
  'students subject subjects suited summaries summarise summarises summarize summarizes supportive ' +
  'swahili swords symptoms tale tales talk talking talks teach teacher teachers teaches teaching team ' +
  'technologies technology ten term terms thai theme themes themselves theories theory thinks thoughtful ' +
  'thousand three throughout tone topic topics traditional trainer translate translates translation ' +
  'translations translator travel tries truly trustworthy truthful truthfully tuned turkish tutor two ' +
  'typescript unbiased under understand understands university unlike updated upon us useful uses ' +
  'usually utilize utilizing variety vast vietnamese virtual visual vivid vocabulary volcanoes warm ' +
  'warmly we weather week weekly whether who whose why wide witty wizard word words world writer writes ' +
  'year years young yourself';
