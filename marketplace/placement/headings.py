"""Which column of a creditor's file means what, and which columns must never be sent at all."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# Meaning -> headings it is known by, in the form `normalise` gives them.
HEADINGS: dict[str, tuple[str, ...]] = {
    "account_ref": (
        "account ref", "account reference", "account no", "account number", "account id", "account", "acct no", "acct",
        "external id", "external ref", "contract no", "contract number", "loan no", "loan number", "loan id",
        "合同号", "合同编号", "借据号", "账号", "账户号",
    ),
    "customer_ref": (
        "customer ref", "customer reference", "customer no", "customer number", "customer id", "client ref",
        "client reference", "client no", "client number", "client id", "客户号", "客户编号",
    ),
    "debtor_name": ("debtor name", "name", "full name", "customer name", "debtor", "姓名", "客户姓名"),
    "phone": (
        "phone", "phone no", "phone number", "mobile", "mobile phone", "mobile number", "cell", "cell phone",
        "telephone", "tel", "手机号码", "手机号", "手机", "电话", "电话号码", "联系电话",
    ),
    "email": ("email", "e mail", "mail", "email address", "e mail address", "邮箱", "电子邮箱"),
    "street": ("street", "address", "street address", "address line 1", "address 1", "地址", "住址"),
    "city": ("city", "town", "城市"),
    "state": ("state", "st", "province", "region", "state code", "州", "省份", "省"),
    "country": ("country", "country code", "国家"),
    "postal_code": ("postal code", "postcode", "post code", "zip", "zip code", "zipcode", "邮编", "邮政编码"),
    "latitude": ("latitude", "lat", "纬度"),
    "longitude": ("longitude", "lon", "lng", "经度"),
    "timezone": ("timezone", "time zone", "tz", "时区"),
    "language": ("language", "lang", "语言"),
    "product": ("product", "type", "debt type", "product type", "产品", "产品类型"),
    "currency": ("currency", "currency code", "ccy", "币种"),
    "principal": ("principal", "principal amount", "本金"),
    "interest": ("interest", "interest amount", "利息"),
    "fees": ("fees", "fee", "charges", "费用"),
    "balance": (
        "balance", "current balance", "outstanding balance", "balance due", "amount due", "amount owed", "total due",
        "余额", "欠款金额", "欠款余额",
    ),
    "days_past_due": ("days past due", "dpd", "days late", "days overdue", "逾期天数"),
    "delinquency_date": ("delinquency date", "date of delinquency", "due", "due date", "到期日", "逾期日期"),
    "itemization_date": ("itemization date", "itemisation date"),
    "last_payment_date": ("last payment date", "last paid on", "最近还款日", "最近还款日期"),
    "last_payment_amount": ("last payment amount", "last payment", "最近还款额", "最近还款金额"),
    "statute_date": ("statute date", "statute of limitations date", "limitation date"),
    "flags": ("flags", "flag", "标记"),
}  # fmt: skip

_MEANING_OF = {heading: meaning for meaning, headings in HEADINGS.items() for heading in headings}

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_BREAKS = re.compile(r"[\W_]+")
_IN_BRACKETS = re.compile(r"\([^)]*\)|\[[^\]]*\]|【[^】]*】")

# People other than the debtor: their data has no lawful use here, so the file is turned away before it is stored.
_OTHER_PERSON = re.compile(
    r"\b(emergency|relatives?|next of kin|kin|spouse|wife|husband|partner|father|mother|parents?|sibling|brother|sister"
    r"|son|daughter|boyfriend|girlfriend|friend|room ?mate|neighbou?r|colleague|co ?worker|boss|guarantor|co ?signer"
    r"|co ?borrower|referee|nok|third party|alternate contact|alternative contact"
    r"|secondary contact|contact person|(?:name|phone|mobile|e ?mail|address) of (?:an? |the )?(?:contact|reference)"
    r"|family(?! name))\b"
)
_OTHER_PERSON_HAN = re.compile(
    r"紧急|联系人|联络人|亲属|亲友|家属|家人|亲戚|配偶|妻子|丈夫|父亲|母亲|父母|兄弟|姐妹|儿子|女儿|子女|朋友|同事|同学"
    r"|邻居|室友|担保人|保证人|介绍人|(?:单位|公司|工作|办公室?)(?:联系)?电话"
)
_WORKPLACE = re.compile(
    r"\b(employer|work|office|workplace|company)s?\b.*\b(phone|tel|telephone|mobile|e ?mail|address|contact)\b"
)
# "Reference" names a person unless it is somebody's number: "account reference", "reference no".
_REFERENCE = re.compile(r"^(personal )?references?\b(?! (no|number|id|code)\b)")


@lru_cache(maxsize=4096)
def normalise(heading: str) -> str:
    """Heading in lower case with single spaces: `Account_No.`, `accountNo` and `ACCOUNT NO` all become `account no`."""
    text = unicodedata.normalize("NFKC", heading).strip("\ufeff\u200b\u2060 ")
    return _BREAKS.sub(" ", _CAMEL.sub(" ", text)).strip().lower()


def meaning_of(heading: str) -> str | None:
    """The meaning of a heading, or None. A unit in brackets, as in `Balance (USD)`, does not hide it."""
    found = _MEANING_OF.get(normalise(heading))
    if found is not None:
        return found
    bare = _IN_BRACKETS.sub(" ", unicodedata.normalize("NFKC", heading))
    return _MEANING_OF.get(normalise(bare))


def names_third_party(heading: str) -> bool:
    """Whether the column is about somebody other than the debtor: a relative, an employer's phone and the like."""
    if meaning_of(heading) is not None:
        return False
    text = normalise(heading)
    patterns = (_OTHER_PERSON, _OTHER_PERSON_HAN, _WORKPLACE, _REFERENCE)
    return any(pattern.search(text) for pattern in patterns)
