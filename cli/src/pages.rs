//! The man pages in `cli/man` and the completions in `cli/completions`, which `make install`
//! copies. `BLESS=1 cargo test --package captoken-cli pages` rewrites them.

use std::error::Error;
use std::path::Path;
use std::{env, fs};

use clap::Command;
use clap::builder::Resettable;
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::arguments::command;

/// The command line, as it is on a machine without its variables.
fn documented() -> Command {
    let mut command = command()
        .disable_help_subcommand(true)
        .subcommand_help_heading("COMMANDS")
        .mut_subcommand("mint", |mint| {
            mint.mut_arg("account", |account| account.env("TWILIO_ACCOUNT_SID"))
        });
    command.build();
    command
}

/// Such as `captoken-mint`.
fn page_name(command: &Command) -> &str {
    command
        .get_display_name()
        .unwrap_or_else(|| command.get_name())
}

/// The man page of a command. The layout of its help is for a terminal, and is translated.
fn man_page(command: &Command) -> Result<Vec<u8>, Box<dyn Error>> {
    let help = command.get_after_help().map(ToString::to_string);
    let mut page = Vec::new();
    Man::new(command.clone().after_help(Resettable::Reset))
        .date("")
        .source(format!("captoken {}", env!("CARGO_PKG_VERSION")))
        .manual("captoken")
        .render(&mut page)?;
    let mut roff = translated(&help.unwrap_or_default());
    roff.control("SH", ["SEE ALSO"]);
    let pages = [
        "captoken",
        "captoken-mint",
        "captoken-inspect",
        "captoken-verify",
    ];
    let mut others = pages
        .iter()
        .filter(|name| **name != page_name(command))
        .peekable();
    while let Some(name) = others.next() {
        let end = if others.peek().is_some() {
            "(1),"
        } else {
            "(1)"
        };
        roff.text([bold(*name), roman(end)]);
    }
    page.extend(roff.to_roff().into_bytes());
    Ok(page)
}

/// A help text as sections: a title ends with a colon and has an indented text below it. Other
/// indented lines keep their line breaks.
fn translated(help: &str) -> Roff {
    let mut roff = Roff::new();
    let mut lines = help.lines().peekable();
    let mut is_titled = false;
    let mut is_kept = false;
    while let Some(line) = lines.next() {
        let is_indented = line.starts_with(' ');
        if is_indented != is_kept {
            roff.control(if is_indented { "nf" } else { "fi" }, []);
            is_kept = is_indented;
        }
        match line.strip_suffix(':') {
            Some("Examples") => {
                roff.control("SH", ["EXAMPLES"]);
                is_titled = true;
            }
            Some("Exit codes") => {
                roff.control("SH", ["EXIT STATUS"]);
                is_titled = true;
            }
            _ if line.is_empty() && is_titled && lines.peek() != Some(&"Exit codes:") => {
                roff.control("SH", ["NOTES"]);
                is_titled = false;
            }
            _ if line.is_empty() => {
                roff.control("PP", []);
            }
            _ => {
                roff.text([roman(line)]);
            }
        }
    }
    if is_kept {
        roff.control("fi", []);
    }
    roff
}

fn compare(path: &str, generated: &[u8]) -> Result<(), Box<dyn Error>> {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if env::var_os("BLESS").is_some_and(|value| value == "1") {
        fs::write(&committed, generated)?;
    }
    assert_eq!(
        fs::read_to_string(committed)?,
        String::from_utf8_lossy(generated),
        "cli/{path} is out of date: run `BLESS=1 cargo test --package captoken-cli pages`"
    );
    Ok(())
}

#[test]
fn man_pages_are_up_to_date() -> Result<(), Box<dyn Error>> {
    let command = documented();
    for command in [&command].into_iter().chain(command.get_subcommands()) {
        let name = page_name(command);
        compare(&format!("man/{name}.1"), &man_page(command)?)?;
    }
    Ok(())
}

#[test]
fn completions_are_up_to_date() -> Result<(), Box<dyn Error>> {
    for (shell, name) in [
        (Shell::Bash, "captoken.bash"),
        (Shell::Zsh, "_captoken"),
        (Shell::Fish, "captoken.fish"),
    ] {
        let mut completions = Vec::new();
        clap_complete::generate(shell, &mut documented(), "captoken", &mut completions);
        compare(&format!("completions/{name}"), &completions)?;
    }
    Ok(())
}
