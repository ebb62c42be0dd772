"""Texts that name somebody, collected without a look at how they are cleaned: none may leave.

One line a case: kind, PatientName, SpecificCharacterSet, text, what must not leave of it (parts
divided by bars).  The patient's own identifier is ``ZX007731Q``, the birth date 12 August 1957.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pydicom.dataset import Dataset

from workbench.deidentify.engine import Deidentified

Apply = Callable[[Dataset], Deidentified]
Reread = Callable[[Dataset, bool], Dataset]
DESCRIPTIONS = ("StudyDescription", "SeriesDescription", "ProtocolName", "ImageComments")
# A label of a machine keeps bare numbers, as serial numbers look so, and places.
ONLY_IN_DESCRIPTIONS = {
    "month year",
    "arabic digits",
    "4 digit",
    "chu",
    "letters apart",
    "other frl",
    "other born",
}
CASES = [
    (
        "umlaut ue",
        "Bühler^Günther",
        "ISO_IR 192",
        "CT Buehler Guenther Abdomen",
        "buehler|guenther",
    ),
    ("umlaut u", "Bühler^Günther", "ISO_IR 192", "CT BUHLER GUNTHER Abdomen", "buhler|gunther"),
    ("eszett ss", "Weiß^Uta", "ISO_IR 100", "WEISS Thorax", "weiss"),
    ("eszett s", "Preißler^Uta", "ISO_IR 100", "Thorax Preisler", "preisler"),
    ("turkish", "Yıldız^Işıl", "ISO_IR 192", "CT YILDIZ ISIL Thorax", "yildiz|isil"),
    ("turkish2", "Çağlar^Gülşen", "ISO_IR 148", "Thorax CAGLAR GULSEN", "caglar|gulsen"),
    ("turkish lower", "İpek^İrem", "ISO_IR 192", "thorax ipek irem", "ipek|irem"),
    ("polish", "Łączyńska^Żaneta", "ISO_IR 192", "LACZYNSKA ZANETA Thorax", "laczynska|zaneta"),
    ("danish", "Ærø^Åse", "ISO_IR 100", "CT AEROE AASE", "aeroe|aase"),
    ("danish2", "Ågård^Øyvind", "ISO_IR 100", "CT Aagaard Oyvind", "aagaard|oyvind"),
    ("croat dj", "Đukić^Đorđe", "ISO_IR 192", "CT DJUKIC DJORDJE", "djukic|djordje"),
    ("icelandic", "Þórðarson^Guðrún", "ISO_IR 100", "CT THORDARSON GUDRUN", "thordarson|gudrun"),
    ("icelandic2", "Þorsteinn^Æsa", "ISO_IR 100", "CT Torsteinn Aesa", "torsteinn|aesa"),
    ("maltese", "Ħaż^Ġorġ", "ISO_IR 109", "CT HAZ GORG", "haz|gorg"),
    ("catalan", "Pujol i Gal·la^Mercè", "ISO_IR 192", "CT PUJOL GALLA MERCE", "pujol|galla|merce"),
    ("oe", "Cœuret^Noé", "ISO_IR 192", "CT COEURET NOE", "coeuret"),
    ("russian latin", "Щербаков^Юрий", "ISO_IR 144", "CT SHCHERBAKOV YURI", "shcherbakov|yuri"),
    (
        "russian latin2",
        "Хрущёв^Алексей",
        "ISO_IR 144",
        "CT Khrushchev Aleksei Thorax",
        "khrushchev|aleksei",
    ),
    ("russian german", "Чайковский^Пётр", "ISO_IR 144", "Tschaikowski Thorax", "tschaikowski"),
    ("latin to cyr", "Ivanov^Sergei", "ISO_IR 192", "КТ Иванов Сергей", "иванов|сергей"),
    ("ukr", "Зеленський^Олександр", "ISO_IR 192", "CT ZELENSKYI OLEKSANDR", "zelenskyi|oleksandr"),
    (
        "greek",
        "Παπαδόπουλος^Γιώργος",
        "ISO_IR 126",
        "CT PAPADOPOULOS GIORGOS",
        "papadopoulos|giorgos",
    ),
    (
        "greek caps",
        "Παπαδόπουλος^Γιώργος",
        "ISO_IR 126",
        "ΑΤ ΠΑΠΑΔΟΠΟΥΛΟΣ",
        "παπαδοπουλοσ|παπαδοπουλος",
    ),
    (
        "japanese joined",
        "Satou^Hanako=佐藤^花子=さとう^はなこ",
        "\\ISO 2022 IR 87",
        "佐藤花子 胸部CT",
        "佐藤|花子",
    ),
    (
        "japanese katakana",
        "Satou^Hanako=佐藤^花子=さとう^はなこ",
        "\\ISO 2022 IR 87",
        "サトウ ハナコ CT",
        "サトウ|ハナコ",
    ),
    (
        "romaji",
        "Satou^Shinji=佐藤^真司=さとう^しんじ",
        "\\ISO 2022 IR 87",
        "CT SATO SINZI",
        "sato|sinzi",
    ),
    (
        "romaji oh",
        "Oono^Jirou=大野^次郎=おおの^じろう",
        "\\ISO 2022 IR 87",
        "CT OHNO JIRO",
        "ohno|jiro",
    ),
    ("chinese one letter parts", "Li^Na=李^娜", "GB18030", "李娜 CT胸部", "李娜"),
    ("pinyin joined", "Zhang^Wei=张^伟", "GB18030", "CT zhangwei thorax", "zhangwei"),
    ("pinyin hyphen", "Ouyang^Xiuying", "ISO_IR 192", "CT OUYANG XIU-YING", "ouyang|xiu-ying"),
    ("hangul", "Gim^Cheolsu=金^哲洙=김^철수", "\\ISO 2022 IR 149", "김철수 흉부 CT", "김철수|철수"),
    ("hangul roman", "김^철수", "ISO_IR 192", "CT KIM CHEOLSU", "cheolsu"),
    ("arabic", "الحسيني^فاطمة", "ISO_IR 192", "الحسيني فاطمة CT", "الحسيني|فاطمة"),
    ("hebrew", "כהן^רחל", "ISO_IR 138", "כהן רחל CT", "כהן|רחל"),
    ("thai", "สมชาย^ใจดี", "ISO_IR 166", "สมชาย CT", "สมชาย"),
    ("devanagari", "शर्मा^राज", "ISO_IR 192", "शर्मा CT", "शर्मा"),
    ("two letters", "Wu^Yi", "ISO_IR 6", "CT WU YI Abdomen", " wu | yi "),
    (
        "hyphen joined",
        "Schmidt-Rottluff^Karl",
        "ISO_IR 6",
        "CT SchmidtRottluff",
        "schmidt|rottluff",
    ),
    (
        "hyphen blank",
        "Schmidt-Rottluff^Karl",
        "ISO_IR 6",
        "CT Schmidt Rottluff",
        "schmidt|rottluff",
    ),
    ("apostrophe", "O'Shaughnessy^Maeve", "ISO_IR 6", "CT OSHAUGHNESSY", "oshaughnessy"),
    ("particle", "van den Boogaard^Joost", "ISO_IR 6", "CT vdBoogaard Vandenboogaard", "boogaard"),
    ("typo insert", "Hinterleitner^Max", "ISO_IR 6", "CT Hinterleittner Thorax", "hinterleittner"),
    ("typo swap", "Hinterleitner^Max", "ISO_IR 6", "CT Hinterlietner Thorax", "hinterlietner"),
    ("typo subst", "Wondratschek^Ute", "ISO_IR 6", "CT Wondratscheck", "wondratscheck"),
    ("cut", "Hinterleitner^Max", "ISO_IR 6", "CT HINTERLEI", "hinterlei"),
    ("cut short", "Wondratschek^Ute", "ISO_IR 6", "WONDRATS Ute", "wondrats|ute"),
    ("camel", "Hinterleitner^Max", "ISO_IR 6", "ThoraxHinterleitner3mm", "hinterleitner"),
    ("initial", "Hinterleitner^Max", "ISO_IR 6", "M.Hinterleitner Abd", "hinterleitner"),
    ("underscore", "Hinterleitner^Max", "ISO_IR 6", "CT_HINTERLEITNER_MAX_01", "hinterleitner|max"),
    (
        "letters apart",
        "Hinterleitner^Max",
        "ISO_IR 6",
        "H i n t e r l e i t n e r Max",
        "i n t e r",
    ),
    ("vocab surname", "Siemens^Head", "ISO_IR 6", "CT SIEMENS HEAD Abdomen", "siemens"),
    ("vocab surname2", "Thorax^Anna", "ISO_IR 6", "THORAX ANNA CT", "anna"),
    ("vocab given", "Kopf^Hans", "ISO_IR 6", "CT Kopf Hans", "hans"),
    ("other Pat", "Grau^Eva", "ISO_IR 6", "Pat: Quastenflosser Thorax", "quastenflosser"),
    ("other Fr.", "Grau^Eva", "ISO_IR 6", "Fr. Quastenflosser", "quastenflosser"),
    ("other mme", "Grau^Eva", "ISO_IR 6", "Mme QUASTENFLOSSER abdo", "quastenflosser"),
    ("other M.", "Grau^Eva", "ISO_IR 6", "M. Quastenflosser abdo", "quastenflosser"),
    ("other mta", "Grau^Eva", "ISO_IR 6", "Thorax MTA Quastenflosser", "quastenflosser"),
    ("other mtra", "Grau^Eva", "ISO_IR 6", "MTRA Quastenflosser", "quastenflosser"),
    ("other dr caps", "Grau^Eva", "ISO_IR 6", "DR. QUASTENFLOSSER Abdomen", "quastenflosser"),
    ("other op", "Grau^Eva", "ISO_IR 6", "Op. Quastenflosser", "quastenflosser"),
    ("other ref", "Grau^Eva", "ISO_IR 6", "Zuweiser Quastenflosser", "quastenflosser"),
    ("caret", "Grau^Eva", "ISO_IR 6", "QUASTENFLOSSER^INGE CT", "quastenflosser|inge"),
    (
        "caret mid",
        "Grau^Eva",
        "ISO_IR 6",
        "Thorax quastenflosser^inge^^Dr 5mm",
        "quastenflosser|inge",
    ),
    ("nee", "Grau^Eva", "ISO_IR 6", "Thorax née Quastenflosser", "quastenflosser"),
    ("geb name", "Grau^Eva", "ISO_IR 6", "Thorax geb. Quastenflosser", "quastenflosser"),
    ("birth year *", "Grau^Eva", "ISO_IR 6", "Thorax *1957", "1957"),
    ("jahrgang", "Grau^Eva", "ISO_IR 6", "Thorax Jahrgang 57", "57"),
    ("birth YYMMDD", "Grau^Eva", "ISO_IR 6", "Thorax 570812", "570812"),
    ("birth dots2", "Grau^Eva", "ISO_IR 6", "Thorax 12.08.57", "12.08.57"),
    ("month year", "Grau^Eva", "ISO_IR 6", "Thorax 08.1957", "08.1957"),
    ("month word", "Grau^Eva", "ISO_IR 6", "Thorax August 1957", "1957"),
    ("fr date", "Grau^Eva", "ISO_IR 6", "Thorax né le 12 août 1957", "1957"),
    ("jp wareki", "Grau^Eva", "ISO_IR 192", "昭和32年8月12日 CT", "32年"),
    ("korean date", "Grau^Eva", "ISO_IR 192", "1957년 8월 12일", "1957년"),
    ("arabic digits", "Grau^Eva", "ISO_IR 192", "CT ١٩٥٧", "١٩٥٧"),
    ("fullwidth digits", "Grau^Eva", "ISO_IR 192", "CT １９５７０８１２", "１９５７"),
    ("phone", "Grau^Eva", "ISO_IR 6", "Thorax 0171-2345678", "2345678"),
    ("phone fr", "Grau^Eva", "ISO_IR 6", "06.12.34.56.78 thorax", "12.34"),
    ("ahv", "Grau^Eva", "ISO_IR 6", "756.1234.5678.97 Thorax", "1234.5678"),
    ("bsn", "Grau^Eva", "ISO_IR 6", "Thorax BSN 123456782", "123456782"),
    ("rv nr", "Grau^Eva", "ISO_IR 6", "Thorax 12 120857 G 123", "120857"),
    ("nhs", "Grau^Eva", "ISO_IR 6", "943 476 5919 Chest", "476 5919"),
    ("6 digit", "Grau^Eva", "ISO_IR 6", "Thorax Fall 482133", "482133"),
    ("4 digit", "Grau^Eva", "ISO_IR 6", "Thorax 7731", "7731"),
    ("own id variants", "Grau^Eva", "ISO_IR 6", "Thorax ZX 00 77 31 Q", "77 31"),
    ("hosp", "Grau^Eva", "ISO_IR 6", "Klinikum Ettelbruck Thorax", "ettelbruck"),
    ("chu", "Grau^Eva", "ISO_IR 6", "CHU Brugmann Thorax", "brugmann"),
    ("st", "Grau^Eva", "ISO_IR 6", "Hôpital Saint-Luc thorax", "luc"),
    ("age 90", "Grau^Eva", "ISO_IR 6", "Thorax 91 J.", "91"),
    ("age fr", "Grau^Eva", "ISO_IR 6", "Patient 94 ans thorax", "94"),
    ("age en", "Grau^Eva", "ISO_IR 6", "97 year-old chest", "97"),
    ("age ru", "Grau^Eva", "ISO_IR 192", "КТ 95 лет", "95"),
    ("age jp", "Grau^Eva", "ISO_IR 192", "９２歳 CT", "９２"),
    ("age 093Y", "Grau^Eva", "ISO_IR 6", "Thorax 093Y", "093"),
    ("age aged", "Grau^Eva", "ISO_IR 6", "Chest aged 96", "96"),
    ("email", "Grau^Eva", "ISO_IR 6", "eva.quastenflosser@web.de", "quastenflosser"),
    ("initials dot", "Grau^Eva", "ISO_IR 6", "Quastenflosser, Inge; Thorax", "inge"),
    (
        "kana joined",
        "Ohno^Yuko=大野^優子=おおの^ゆうこ",
        "\\ISO 2022 IR 87",
        "CT オオノユウコ",
        "オオノ|ユウコ",
    ),
    (
        "kana as hiragana",
        "Ohno^Yuko=大野^優子=オオノ^ユウコ",
        "\\ISO 2022 IR 87",
        "おおのゆうこ",
        "おおの",
    ),
    ("other frl", "Grau^Eva", "ISO_IR 100", "Thorax Frl. Wimmerl", "wimmerl"),
    ("other Geb.", "Grau^Eva", "ISO_IR 100", "Thorax Geb. Wimmerl", "wimmerl"),
    ("other Pt.", "Grau^Eva", "ISO_IR 100", "Pt. Wimmerl chest", "wimmerl"),
    ("other dr med", "Grau^Eva", "ISO_IR 100", "Dr.med. Wimmerl Thorax", "wimmerl"),
    ("other attention", "Grau^Eva", "ISO_IR 100", "Thorax z.Hd. Wimmerl", "wimmerl"),
    ("other born", "Grau^Eva", "ISO_IR 100", "WIMMERL TONI *12.3.80", "wimmerl|toni"),
]
HARMLESS = [
    "Thorax Standard",
    "CT Abdomen venös 5mm",
    "Head 1.0 Br40",
    "Schädel nativ",
    "ThorRoutine 5.0 B31f",
    "Abdomen 1.5 I30f 3",
    "WFBCT",
    "Becken Knochen 2.0 Br59",
    "TAP 3mm",
    "HR Lung 1.25mm",
    "CTA Carotis 0.75 Bv40",
    "Perfusion 4D 80kV",
    "Topogram 0.6 T20f",
    "LWS 2mm",
    "NNH coronal",
    "Dose Report",
    "Patient Protocol",
    "SmartPrep Series",
    "AXIAL 2.5MM",
    "Recon 2: CHEST",
    "iDose (3)",
    "FC08",
    "Ultra Quantum",
    "Monitoring 10.0 B20f",
    "DE_Abdomen 1.0 Qr40 A 80kV",
    "PE 100kV 120mAs",
    "Kolon 1mm B30s",
    "Hip endoprothesis",
    "Abdomen/Pelvis w/o",
    "Chest PA",
    "C-Spine",
    "Thorax lateral",
]


def cleaned(apply: Apply, reread: Reread, name: str, charset: str, text: str) -> Dataset:
    data = Dataset()
    data.SpecificCharacterSet = charset.split("\\")
    data.SOPClassUID, data.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", "1.2.826.0.1.7"
    data.PatientName, data.PatientID = name, "ZX007731Q"
    data.Modality, data.Manufacturer, data.StudyDate = "CT", "SIEMENS", "20110203"
    data.PatientBirthDate = "19570812"
    for keyword in DESCRIPTIONS:
        data.add_new(keyword, "LO", text)
    data.StationName = text[:16]  # an SH (PS3.5 6.2)
    return apply(reread(data, False)).dataset


@pytest.mark.parametrize(
    ("kind", "name", "charset", "text", "secrets"), CASES, ids=[case[0] for case in CASES]
)
def test_nothing_that_names_somebody_leaves(
    apply: Apply, reread: Reread, kind: str, name: str, charset: str, text: str, secrets: str
) -> None:
    made = cleaned(apply, reread, name, charset, text)
    seen = DESCRIPTIONS if kind in ONLY_IN_DESCRIPTIONS else (*DESCRIPTIONS, "StationName")
    for keyword in seen:
        left = f" {made.get(keyword) or ''} ".casefold()
        assert [secret for secret in secrets.split("|") if secret.casefold() in left] == []


@pytest.mark.parametrize("text", HARMLESS)
def test_ordinary_texts_stay_as_they_are(apply: Apply, reread: Reread, text: str) -> None:
    made = cleaned(apply, reread, "Grau^Eva", "ISO_IR 192", text)
    assert made.SeriesDescription == made.ProtocolName == text
