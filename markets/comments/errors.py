"""Why something about a comment is refused."""

from opinion_market.kernel.errors import Conflict, InvalidInput, NotFound, NotPermitted


class CommentNotFound(NotFound):
    """There is no such comment on this market."""

    code = "comment_not_found"
    title = "The market has no such comment."


class OnlyMembersComment(NotPermitted):
    """A public market may be read by all, but only members of its organization write about it."""

    code = "only_members_comment"
    title = "Only members of the market's organization may comment."


class NotTheAuthor(NotPermitted):
    """A comment is edited and deleted by its author alone; staff hide it."""

    code = "not_the_author"
    title = "Somebody else wrote this comment."


class AnswerTooDeep(InvalidInput):
    """Comments have answers, but answers have none: answer the comment itself."""

    code = "answer_too_deep"
    title = "An answer cannot be answered."


class EditWindowOver(Conflict):
    """A comment may be edited for 15 minutes; those who answered it have read it since."""

    code = "edit_window_over"
    title = "The comment can no longer be edited."


class CommentGone(Conflict):
    """The comment has been deleted by its author or hidden by staff."""

    code = "comment_gone"
    title = "The comment is no longer shown."


class CommentNotHidden(Conflict):
    """Only a hidden comment can be shown again."""

    code = "comment_not_hidden"
    title = "The comment is not hidden."
