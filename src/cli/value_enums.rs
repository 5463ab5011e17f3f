//! The names under which types of the domain are given on the command line and in the configuration.

use clap::ValueEnum;
use clap::builder::PossibleValue;

use crate::input::csv::encoding::Encoding;
use crate::input::values::timestamp::DateOrder;
use crate::ledger::OnAmbiguous;

impl ValueEnum for Encoding {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Utf8, Self::Utf16Le, Self::Utf16Be, Self::Windows1252]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let (name, alias, help) = match self {
            Self::Utf8 => ("utf-8", "utf8", "UTF-8"),
            Self::Utf16Le => ("utf-16le", "utf16le", "UTF-16, little-endian"),
            Self::Utf16Be => ("utf-16be", "utf16be", "UTF-16, big-endian"),
            Self::Windows1252 => ("windows-1252", "cp1252", "Windows-1252: Western European"),
        };
        Some(PossibleValue::new(name).alias(alias).help(help))
    }
}

impl ValueEnum for DateOrder {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Mdy, Self::Dmy, Self::Ymd]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let (name, help) = match self {
            Self::Mdy => ("mdy", "Month, day, year"),
            Self::Dmy => ("dmy", "Day, month, year"),
            Self::Ymd => ("ymd", "Year, month, day"),
        };
        Some(PossibleValue::new(name).help(help))
    }
}

impl ValueEnum for OnAmbiguous {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Resend, Self::Hold]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let (name, help) = match self {
            Self::Resend => (
                "resend",
                "Send them again; the server may then have them twice",
            ),
            Self::Hold => (
                "hold",
                "Hold them until `scoreload resolve` settles their outcome",
            ),
        };
        Some(PossibleValue::new(name).help(help))
    }
}
