"""Currencies, units and words for powers of ten that stand beside a number."""

from __future__ import annotations


def _inverted(table: dict) -> dict:
    """Every word of a line, parted by spaces, -> what the line stands for."""
    return {word: key for key, words in table.items() for word in words.split()}


SIGNS = "$ € £ ¥ ₹ ₽ ₩ ₺ ₫ ₪ ฿ ₴ ₦ ₱ ₸ ₡ ₲ S$ HK$ NZ$ NT$ R$ A$ C$ CHF zł Kč kr Ft lei 元 円"
CODES = (
    "JPY CNY RMB CAD AUD NZD SEK NOK DKK PLN CZK HUF RON BGN TRY RUB UAH BRL MXN ARS CLP COP PEN "
    "ZAR NGN KES EGP ILS AED SAR QAR KRW TWD HKD SGD THB IDR MYR PHP VND PKR BDT LKR ISK BTC ETH"
)
CURRENCIES = frozenset(f"{SIGNS} {CODES}".split())
SYMBOLS = {word: word for word in CURRENCIES} | _inverted(  # what is written -> the currency
    {
        "$": "USD US$ dollar dollars",
        "€": "EUR euro euros Euro",
        "£": "GBP",
        "₹": "INR Rs Rs. rs",
        "₽": "руб руб.",
        "CHF": "Fr. SFr.",
        "kr": "kr.",
        "A$": "AU$",
        "C$": "CA$",
    }
)
POWERS = _inverted(  # of ten, in words and letters behind a number
    {
        3: "k K thousand Thousand Tsd Tsd. tsd.",
        4: "万",
        5: "lakh lakhs Lakh Lakhs lac Lac",
        6: "M MM mn Mn mln Mio Mio. mio million millions Million",
        7: "crore crores Crore Cr Cr. cr",
        8: "億 亿",
        9: "B bn Bn BN bln Mrd Mrd. mrd billion billions Billion",
        12: "tn trillion",
    }
)
UNITS = _inverted(  # what may follow a number without a space
    {
        "mass": "kg g mg µg μg ug ng lb lbs oz t",
        "length": "km m cm mm µm μm um nm ft in mi yd",
        "area": "m² m2 cm² cm2 km² km2 ft2 sqft sqm ha acres",
        "volume": "l L ml mL cl dl dL gal m³ m3 cm3 cc CC",
        "time": "s sec secs ms µs μs us ns min mins minute minutes h hr hrs hour hours d day days "
        "week weeks month months y yr yrs year years",
        "angle and heat": "° °C °F ℃ ℉ degC degF °N °S °E °W N S E W",
        "energy": "W kW MW GW Wh kWh MWh J kJ MJ cal kcal V mV kV mA mAh Ah hp bhp PS",
        "force": "Nm kN Pa kPa hPa MPa bar mbar psi mmHg",
        "rate": "Hz kHz MHz GHz rpm bpm fps mph kmh km/h m/s kmpl mpg",
        "other": "dB px pt ppm ppb mol mmol kB kb KB MB GB TB pcs IU",
    }
)
