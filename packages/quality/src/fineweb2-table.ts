/**
 * FineWeb2's published settings of thirty languages (Penedo et al. 2025), one line each: language_score, dup_line_frac, the limits
 * of the top 2-, 3- and 4-gram, of the repeated 5- to 10-grams, line_punct_thr, new_line_ratio, the least and the greatest mean
 * word length, max_non_alpha_words_ratio; then the stop words. Other languages are read from the recipe's YAML files.
 */
export const FINEWEB2_TABLE = `
arb_Arab | 0.711 0.304 0.197 0.172 0.146 0.165 0.153 0.142 0.131 0.12 0.109 0.143 0.189 2 9 0.787 | ، في من على إلى عام أن مع أو هو عن التي كان بين ما كانت هي المتحدة بعد
ces_Latn | 0.88 0.311 0.206 0.183 0.165 0.168 0.157 0.145 0.133 0.121 0.109 0.06 0.182 3 11 0.781 | v a se na je z s do
cmn_Hani | 0.692 0.287 0.256 0.201 0.171 0.198 0.182 0.167 0.154 0.14 0.127 0.106 0.178 1 5 0.735 | 的 年 在 月 是 和 日 了 於 · 為 有 被 人 中 为 他 與 後 也 而 由
dan_Latn | 0.3 0.305 0.367 0.297 0.232 0.169 0.158 0.147 0.134 0.123 0.112 0.1 0.182 3 11 0.798 | i og af en til er den at som på for med det blev var der fra de han et
deu_Latn | 0.821 0.263 0.169 0.153 0.137 0.141 0.134 0.126 0.117 0.108 0.098 0 0.152 0 15 0.774 | der und die in von im den des mit das er dem als wurde für
ell_Grek | 0.826 0.31 0.194 0.175 0.156 0.174 0.163 0.153 0.142 0.13 0.119 0.167 0.116 3 11 0.809 | του και το της η την από ο με τον να που των στην για στο σε είναι τη τα οι
fas_Arab | 0.85 0.246 0.189 0.164 0.143 0.157 0.147 0.137 0.127 0.117 0.107 0.2 0.15 2 9 0.812 | در و ، به از که است این را با یک
fin_Latn | 0.764 0.293 0.253 0.202 0.179 0.153 0.143 0.133 0.122 0.112 0.101 0.114 0.161 3 14 0.755 | ja on oli hän vuonna myös joka se ei sen ovat sekä mutta että tai vuoden kanssa hänen s. jälkeen the
fra_Latn | 0.824 0.264 0.161 0.149 0.134 0.15 0.141 0.131 0.121 0.111 0.1 0.1 0.185 2 11 0.812 | de la le et à en l' des du les est d' un une il dans par au
heb_Hebr | 0.9 0.34 0.239 0.202 0.173 0.16 0.151 0.14 0.129 0.118 0.108 0.2 0.126 2 9 0.799 | של את על הוא עם בשנת גם היה היא לאחר לא ידי בין או כי
hin_Deva | 0.692 0.206 0.208 0.198 0.161 0.135 0.125 0.116 0.108 0.099 0.09 0.091 0.316 2 21 0.837 | के में है की और से का को एक हैं पर
hun_Latn | 0.744 0.322 0.226 0.198 0.172 0.169 0.159 0.148 0.136 0.124 0.112 0.067 0.231 3 15 0.766 | a az és is egy volt hogy nem meg de magyar első el között
ind_Latn | 0.685 0.241 0.194 0.166 0.145 0.166 0.155 0.144 0.133 0.122 0.111 0.111 0.157 3 12 0.805 | dan yang di pada dari ini dengan adalah untuk dalam
ita_Latn | 0.817 0.246 0.198 0.156 0.133 0.144 0.136 0.127 0.118 0.109 0.1 0.025 0.2 3 21 0.807 | di e il la in a del che è della un per nel l' con da i una
jpn_Jpan | 0.886 0.328 0.239 0.196 0.172 0.243 0.225 0.207 0.19 0.175 0.159 0.096 0.13 1 6 0.759 | の に を は た て が と で 年 し ・ 月 れ さ
kor_Hang | 0.842 0.374 0.282 0.228 0.185 0.201 0.184 0.168 0.154 0.14 0.127 0.062 0.196 1 6 0.791 | 의 다 이 는 에 을 한 년 하 은 를 했 고 에서 가 있 으로 인 월 로 되
nld_Latn | 0.689 0.296 0.213 0.182 0.158 0.156 0.146 0.136 0.126 0.115 0.104 0.102 0.154 3 17 0.828 | de van in het een en is op voor met door zijn werd hij uit
nob_Latn | 0.813 0.283 0.204 0.175 0.15 0.146 0.139 0.128 0.119 0.11 0.099 0.107 0.167 3 12 0.783 | i og av som en er til på for ble med den det var han de å fra
pol_Latn | 0.689 0.32 0.222 0.198 0.176 0.172 0.16 0.148 0.136 0.123 0.111 0.087 0.158 3 12 0.726 | w i na z do się roku od a jest przez po jako oraz o został był nie
por_Latn | 0.799 0.287 0.371 0.191 0.163 0.163 0.153 0.141 0.13 0.119 0.108 0.077 0.186 3 13 0.814 | de a e o em do da que um no uma com para na é foi
ron_Latn | 0.822 0.289 0.161 0.146 0.131 0.16 0.149 0.138 0.127 0.117 0.106 0.081 0.207 1 14 0.779 | de în a și din la o cu este un pe fost care al
rus_Cyrl | 0.9 0.322 0.184 0.164 0.146 0.168 0.156 0.145 0.133 0.121 0.109 0.231 0.139 3 11 0.713 | в и на с года по году из был к не от что за для его как а он также до после
spa_Latn | 0.84 0.252 0.156 0.14 0.125 0.145 0.136 0.127 0.117 0.108 0.099 0.182 0.138 3 14 0.825 | de la en el y a que del los se por un con una las su
swe_Latn | 0.629 0.292 0.242 0.195 0.174 0.156 0.147 0.136 0.125 0.116 0.105 0.2 0.135 3 12 0.841 | i och är av en som den med på till att för
swh_Latn | 0.3 0.302 0.396 0.282 0.231 0.193 0.17 0.155 0.14 0.126 0.113 0.143 0.167 3 9 0.802 | ya na wa katika kwa ni la za mwaka
tel_Telu | 0.722 0.256 0.21 0.18 0.162 0.142 0.133 0.122 0.114 0.105 0.096 0.08 0.18 4 68 0.739 | నుండి కి ఉన్నాయి మీ గ్రామం ఉంది దూరంలో ఈ కేంద్రం
tha_Thai | 0.9 0.349 0.221 0.197 0.162 0.185 0.168 0.152 0.137 0.124 0.111 0 0.153 2 10 0.9 | ใน ที่ และ ของ เป็น มี การ ได้
tur_Latn | 0.875 0.272 0.214 0.168 0.147 0.154 0.144 0.134 0.124 0.113 0.103 0.091 0.222 3 21 0.773 | ve bir olarak bu ile için olan da de tarafından yılında sonra en daha ilk the
ukr_Cyrl | 0.9 0.3 0.189 0.172 0.153 0.16 0.148 0.136 0.124 0.113 0.102 0.167 0.175 3 11 0.694 | у в на і з та до року за що
vie_Latn | 0.802 0.293 0.223 0.197 0.171 0.178 0.163 0.15 0.136 0.124 0.111 0.333 0.103 3 11 0.803 | là và của một được trong năm các có loài này đã người
`;
