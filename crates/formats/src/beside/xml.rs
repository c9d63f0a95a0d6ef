//! The tags of an XML text, one by one: no tree, and no entities but the five that there always are.

/// A tag that opens something.
pub(super) struct Tag<'a> {
    pub name: &'a str,
    /// All behind the name.
    attributes: &'a str,
}

/// The tags of a text, without those that close, and without comments.
pub(super) struct Tags<'a> {
    rest: &'a str,
}

impl<'a> Tags<'a> {
    pub fn new(text: &'a str) -> Tags<'a> {
        Tags { rest: text }
    }
}

impl<'a> Iterator for Tags<'a> {
    type Item = Tag<'a>;

    fn next(&mut self) -> Option<Tag<'a>> {
        loop {
            let start = self.rest.find('<')? + 1;
            let tag = &self.rest[start..];
            if let Some(comment) = tag.strip_prefix("!--") {
                self.rest = &comment[comment.find("-->")? + 3..];
                continue;
            }
            let end = end(tag)?;
            self.rest = &tag[end + 1..];
            let inside = &tag[..end];
            if !inside.starts_with(['/', '!']) {
                let inside = inside.strip_suffix('/').unwrap_or(inside);
                let len = inside.find(char::is_whitespace).unwrap_or(inside.len());
                let (name, attributes) = inside.split_at(len);
                return Some(Tag { name, attributes });
            }
        }
    }
}

/// Where a tag ends: at the first `>` that is in no quotes.
fn end(tag: &str) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in tag.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(at),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

impl Tag<'_> {
    /// What an attribute says.
    pub fn attribute(&self, key: &str) -> Option<String> {
        let mut rest = self.attributes;
        loop {
            let (name, value) = rest.split_once('=')?;
            let value = value.trim_start();
            let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
            let (text, behind) = value[1..].split_once(quote)?;
            if name.trim() == key {
                return Some(unescaped(text));
            }
            rest = behind;
        }
    }
}

fn unescaped(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    let marks = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&apos;", "'"),
        ("&amp;", "&"),
    ];
    let replace = |text: String, (mark, meant): (&str, &str)| text.replace(mark, meant);
    marks.into_iter().fold(text.to_owned(), replace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_attributes() {
        let text =
            "<?xml version=\"1.0\"?>\n<!-- <no> --><net a='1>2' b = \"&lt;&amp;lt;\"><x/></net><y";
        let tags: Vec<_> = Tags::new(text).collect();
        let names: Vec<_> = tags.iter().map(|tag| tag.name).collect();
        assert_eq!(names, ["?xml", "net", "x"]);
        assert_eq!(tags[1].attribute("a").as_deref(), Some("1>2"));
        assert_eq!(tags[1].attribute("b").as_deref(), Some("<&lt;"));
        assert_eq!(tags[1].attribute("c"), None);
    }
}
