/**
 * What published chat templates write, collected from some 600 of them (Llama, Mistral, Qwen, DeepSeek, Gemma, Phi,
 * Command R, Hermes, Functionary, Granite, GLM, Kimi, gpt-oss and others, as shipped by llama.cpp, vLLM, TRL,
 * Unsloth, Axolotl, Xinference, OpenVINO, Ollama, node-llama-cpp, text-generation-webui and others in November 2026), and
 * from the default system prompts of FastChat, LLaMA-Factory, LMDeploy, XTuner and ms-swift.
 */

/** Words of instructions that occur in several templates, in lower case, without any that urge or forbid. */
export const PLAIN_WORDS =
  'ability about above absolutely access according accurate action actions active additional address adhere after ' +
  'ai all also alternative an analysis and answer answered answering answers any anything appropriate are arg args ' +
  'argument arguments around array arrays as ask asked asks assist assistant associate assumptions at attempts ' +
  'audio available avoid base based be been before begin beginning below best between block blocks boolean bos bot ' +
  'break brilliant browser browsing built but by call called calling calls can cannot capabilities carefully case ' +
  'cause chain changes channel chat chatbot child choose citations cite clear clearly close closing co code command ' +
  'commentary complete completely complex comprehensive computer concise conclusion consider considered containing ' +
  'content context contextual continue conversation conversationally correct could create created creative current ' +
  'cursor cutoff cutting cycle data date december decide deem def default defaults defined described description ' +
  'descriptions detail detailed develop developed developer dict dictionary different direct directly do document ' +
  'documents does done drive each effort elements elsewhere enabled end english enough ensure enum environment eop ' +
  'eos eot equations error errors etc every exact example execute executed executing execution exist explain ' +
  'explicitly exploration explorations exploring facts false field fields files final finally finish first float ' +
  'follow followed following follows for format formatted formatting formulating from fulfill fully func function ' +
  'functions general generate generated generating get give given global gmask good gpt grounded grounding grouped ' +
  'guidelines has have header help helpful here high how human id ids if im image img important in include ' +
  'independent indicate indicates indices inform information informative injected inner input inside inst ' +
  'instruction instructions interact internal into invoke involves ipython is it items iteration its joined json ' +
  'jsonschema july jupyter just key knowledge lacks language languages large last latex level like line lines ' +
  'linked list listed listing lists loc location logical look loop low made main make making many map markdown ' +
  'marks match matches material mathematical maximum may me means message metadata middle minimum missing mode ' +
  'model more most multi multiple must name named names namespace natural nd necessary need needed needs nested neutral new ' +
  'next no non none not note notebook nothink null number numbers object objects observation observe of on once one ' +
  'only onto open optional optionally or order original originating other otherwise out output outputs outputting ' +
  'pad page pair paragraphs parallel param parameter parameters params pass patch pattern per perform piece pieces ' +
  'plain plan please plug plugin point possible preamble prefer prefix present previous prioritize problem process ' +
  'produces programming prompt pronouns proper properties provide provided providing python query question ' +
  'questions qwen rather ready reason reasoning reassessment receive recipient references reflection reflections ' +
  'regular related relevant reminder repeat repeatedly reply request requests required requires respond responding ' +
  'response responses result results return returns right role same scalar schema schemas search second section ' +
  'sections see self sentence sentences sep separate separated serves set seven should signatures single skip ' +
  'slowly so solution solutions solve some sop sophisticated source sources spaces span spans special specific ' +
  'specified specifying spelling split st start state stateful step steps still stop str strict strictly string ' +
  'structure style such suffix suitable summary support supported sure syntax sys system systematic systematically ' +
  'tables tag tags task tasks text texts than that the their them then there these they think thinking this ' +
  'thorough thoroughly those thought thoughts through time times title to today together token too tool tools ' +
  'trained true try turn type unless unnecessary unspecified until up url usage use used user users using valid ' +
  'value values variables various very via video vision voice web well what when where which while will with within ' +
  'without working would wrap wrapped write writing xml you your';

/**
 * Published templates that treat the conversation in ways that are otherwise refused, by SHA-256 of their trimmed
 * text.
 */
export const KNOWN_TEMPLATES =
  '013e5cdf3c2262d4d7460c4b415e6d54be2bf5da60eb6ba8208f5aec9a956a20 ' +
  '01658a71df742ed33e28c787ab916834da7cb3d932e25d8f7e916a6f3b9694d4 ' +
  '0d4a3d95db6a36ac45106b07f0503cd5c990c58fb2443302f02e8728cbc44779 ' +
  '19121486b4909ef54df0b8e7088db446708085b0634cd1597a523eb3b025c6c5 ' +
  '1fd079953619577aaece0bf8136f037aedaadc70c8a813d81e6566cd3ef44601 ' +
  '2147c474f41b522b7296f74692b9f31e45f49a31465960576a9d321339c5915a ' +
  '2e2a1fc91d942edd0883b788adfaa3fc179fbddd1e28b1bc11d56f00db2f43ce ' +
  '2fe62cd9ec960926df8d4794ceff8ed8c0a39123efaa61b2001112d1ca4c81e2 ' +
  '4012f06a996cd86c6943ea93cf3d96ba03fde1579921d1811c2ad93b219dd8f1 ' +
  '48ef38f8dab902b68abeab5a6fa2dd299f4be8b634e451a3ae9afde354172c4a ' +
  '51db3750c3fc38595fe5f3421454c4cbe61cfd034d34be76a33c7ca865258a8c ' +
  '5a4c7c0b12bdbbc7110aebe80b15ac3d4dbabde85be466925dc2cf52d7698ceb ' +
  '5da44855ab7e0641774d5ed0ff0b4f89671d01df7d316e54d06557a962211cb4 ' +
  '69aee73b550c26c98fffe489d9c7eb39d7eae46fa9d0e56eed845d915ad70beb ' +
  '6e54652d84d698ebb3b7b2172204b6eeafd7f27533e006c8c1ebf8e743a7fd99 ' +
  '6fefcd889b03da0140388ae3ca23450cad352628cca85760a9a32565e630b98e ' +
  '736dba5c1d552a0ddde5164a64792bd2a3639af3b78dff7917c2dd5d4d48e43a ' +
  '7822d3aa6f6eac57e1caf03cea6a06def2081fcb75d2e73d2cb0c1adb0077514 ' +
  '7e5836a74c01d22504306273f8a7b49f944f6b960efee67609c07eef0a9ba295 ' +
  '808ef9be6ae1bba0833334aceaee77cc0ebc76f058de4ea834c68b771eebf23a ' +
  '8bbf4e8f9c73ee27d975aa4a3e60d5311ff1aaa1fee7ea2ac25fc6f7a3983390 ' +
  '91aa728ae59c8e30443382f44f48d594b5f7afe91a449c0e5ed0e920a71d60a2 ' +
  '993075ea59924220fc91e47be8d5edb7ef6612c24f90ef7c329564fe1c321b52 ' +
  'a045782bb13e56aea0c499a8a2b6e934bedf0c3cce9c2cc89bfee8fd8d6c38fc ' +
  'a29683960735715f0320c6329f6ebfac8650720ebcb82ccb0a2426bf772b13ba ' +
  'af6311f48482378c1163ba7183c0cefa317fadaa6e0172a167c68d6e238368a8 ' +
  'b80d503eee19e5c8502697363bde6b2095d4d979f88e950c17b043cee7cfa0ec ' +
  'bf61473d7119388a9093c4e55e4d83651e68e1cfa985a82093a0d1a2ac114514 ' +
  'c5b67247c9f736f6c40eaa91ae1ef27dc67f5b041eedaadb97a1bea5030fb0ff ' +
  'c9635ab946bc8f88301ddd90da091fe6f50ee3bcbea5f338d86a67099ffebc32 ' +
  'cb58803822ecef960861024025a6a4f3fe8067a66bc12a960880d1de2271df47 ' +
  'd46a86f116c926da86c9232a071e325115772dcf7a55e6881c09c6b43e864dc7 ' +
  'db0106398b1e202960317c533d459628f20d58d0c85ee7cd7a4407eaf20cc402 ' +
  'dd760f4e624b5c943906ef656eb17394cb453ace4e4a62fc61baeb51c904151e ' +
  'e1f81b7d095a92ccc43f90c768214f8f88896ff91b989a1a96c9acbcaa68be35 ' +
  'f3207cb983be03947a608bdc870ca29e348550f2dd60051c73c1e3211f44b828 ' +
  'f7fce75755aab46e3c759960e2e4b014cdcd7126edeba949d3261bd8b1eed912 ' +
  'fbcca444c9d1fc198b90febd6ade79a2d2b67c565d64129c3647a419215194ea';
