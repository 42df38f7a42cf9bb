/** Korean particles: which form follows a word depends on the last sound of the word, known only once it is filled in. */

const BOTH = /([가-힣0-9])([”’"')\]]*)(을\(를\)|은\(는\)|이\(가\)|와\(과\)|\(으\)로)/g;
/** The form after a consonant and the one after a vowel. */
const FORMS: Record<string, [string, string]> = {
  "을(를)": ["을", "를"],
  "은(는)": ["은", "는"],
  "이(가)": ["이", "가"],
  "와(과)": ["과", "와"],
  "(으)로": ["으로", "로"],
};
const FIRST_SYLLABLE = 0xac00;
const FINALS = 28;
const RIEUL = 8;
/** Index of the final consonant of 영 일 이 삼 사 오 육 칠 팔 구. */
const DIGITS = [21, RIEUL, 0, 16, 0, 0, 1, RIEUL, RIEUL, 0];

/** After anything but Hangul and digits both forms stay, since nobody knows how it is read. */
export function withParticles(text: string): string {
  return text.replace(BOTH, (_, last: string, closing: string, both: string) => {
    const final = DIGITS[Number(last)] ?? (last.charCodeAt(0) - FIRST_SYLLABLE) % FINALS;
    const [afterConsonant, afterVowel] = FORMS[both] ?? [both, both];
    const softens = final === 0 || (both === "(으)로" && final === RIEUL);
    return last + closing + (softens ? afterVowel : afterConsonant);
  });
}
